import { Output as OutputTemplate, TypeGuards, type Liquid, type Template, type Token } from 'liquidjs'
import { Output } from './output.ts'
import { Constant } from './shared-parts.ts'

/** A name, and the fields below it. */
type Path = readonly string[]

/** Looks a value up, and writes it. */
interface Lookup {
  path: Path
  /** As of `| default:`: what is taken instead of nothing, false, '' or an empty list; a path, or a text. */
  defaults: readonly (Path | string)[]
  /** `| raw`: without the escape of where it stands. */
  isRaw: boolean
}

/** A template of texts and plain lookups: no tag, and no filter but `default` and `raw`. */
export type Direct = readonly (string | Lookup)[]

/** liquidjs answers these of any value: only it knows how. */
const COMPUTED = new Set(['size', 'length', 'first', 'last'])
const has = (object: object, name: string): boolean => Object.prototype.hasOwnProperty.call(object, name)

/**
 * What most templates are, as it can be filled in without liquidjs, whose generators and context cost more than all else of
 * a short text: 8 µs of one that names its recipient. Null: something in it is liquidjs' to do.
 */
export function directOf(templates: readonly Template[], liquid: Liquid): Direct | null {
  const pieces: (string | Lookup)[] = []
  for (const template of templates) {
    const piece = pieceOf(template, liquid)
    if (piece === null) return null
    pieces.push(piece)
  }
  return pieces
}

function pieceOf(template: Template, liquid: Liquid): string | Lookup | null {
  if (template instanceof Constant) return template.text
  if (TypeGuards.isHTMLToken(template.token)) return template.token.getContent()
  if (!(template instanceof OutputTemplate)) return null
  const { initial, filters } = template.value
  const [first, ...more] = initial.postfix
  const path = first === undefined || more.length > 0 ? null : pathOf(first)
  const last = filters.at(-1)
  if (path === null || last === undefined || last.args.length > 0) return null
  // liquidjs has put its escape at the end, unless the author's last filter is raw.
  const isEscape = (last as unknown as { handler: unknown }).handler === liquid.options.outputEscape
  if (!isEscape && last.name !== 'raw') return null
  const defaults: (Path | string)[] = []
  for (const { name, args } of filters.slice(0, -1)) {
    const [value, ...others] = args
    if (name !== 'default' || others.length > 0 || value === undefined || Array.isArray(value)) return null
    const given = TypeGuards.isQuotedToken(value) ? value.content : pathOf(value)
    if (given === null) return null
    defaults.push(given)
  }
  return { path, defaults, isRaw: !isEscape }
}

function pathOf(token: Token): Path | null {
  if (!TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined) return null
  const names: string[] = []
  for (const prop of token.props) {
    const isName = TypeGuards.isWordToken(prop) || TypeGuards.isQuotedToken(prop)
    if (!isName || COMPUTED.has(prop.content)) return null
    names.push(prop.content)
  }
  return names
}

/**
 * What liquidjs would make of it, for a scope of plain data: a name that is not the scope's is one of `globals`. Throws where
 * the result is too long.
 */
export function fillDirect(direct: Direct, scope: object, globals: object, escape: (value: unknown) => string): string {
  const output = new Output()
  for (const piece of direct) {
    if (typeof piece === 'string') {
      output.write(piece)
      continue
    }
    let value = valueAt(piece.path, scope, globals)
    for (const instead of piece.defaults) {
      if (isThere(value)) break
      value = typeof instead === 'string' ? instead : valueAt(instead, scope, globals)
    }
    output.write(piece.isRaw ? value : escape(value))
  }
  return output.buffer
}

function isThere(value: unknown): boolean {
  if (Array.isArray(value) || typeof value === 'string') return value.length > 0
  return value !== undefined && value !== null && value !== false
}

function valueAt(path: Path, scope: object, globals: object): unknown {
  let value: unknown = path[0]! in scope ? scope : globals
  for (const name of path) {
    if (value === undefined || value === null) return value
    // A text has characters, which liquidjs counts, and no fields.
    value = typeof value !== 'string' && has(value, name) ? (value as Record<string, unknown>)[name] : undefined
  }
  return value
}

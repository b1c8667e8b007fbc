import {
  Hash,
  Tag,
  toValueSync,
  type Context,
  type Emitter,
  type Liquid,
  type Parser,
  type TagToken,
  type Template,
  type Token,
  type TopLevelToken,
} from 'liquidjs'
import { withExactNumbers } from '../../json/source.ts'
import { guardAddresses, safeAddress } from '../address.ts'
import { escapeHtml, unescapeHtml } from '../escape.ts'
import { plainTextOf } from '../html-text.ts'
import { cover } from '../liquid-source.ts'
import { compileMarkdown } from '../markdown.ts'
import { withTableRows } from '../table-rows.ts'
import { keepKeys, keptKey } from '../translation-keys.ts'
import { COLUMNS, placeRendersInHtml, type RenderPlace } from '../markdown/renders.ts'
import { inItsPlace, onOneLine } from '../markdown-source/in-its-place.ts'
import { Captured } from './captured.ts'
import { footerLinksTag } from './footer-links-tag.ts'
import { Output } from './output.ts'
import { renderingOf, setRendering, type PartialSource } from './rendering.ts'
import { rowsOf, type Rows } from './rendered-rows.ts'
import { tablerowTag } from './tablerow-tag.ts'
import { textOf } from './text-of.ts'
import { lookUp } from './translate.ts'

/** Partials within partials. */
const DEEPEST = 5

type Parse = (text: string) => Template[]
type Kind = 'html' | 'text' | 'markdown_source'

/** `render`, `t`, `address`, `addressed` and `nonempty` (an element or brackets without content go), for templates whose result is HTML or plain text. */
export function registerTags(liquid: Liquid, kind: Kind, parse: { own: Parse; text: Parse }): void {
  for (const place of ['block', 'item', 'inline', 'row'] as const)
    liquid.registerTag(place === 'block' ? 'render' : `render_${place}`, renderTag(kind, place, parse))
  liquid.registerTag(
    'indented',
    blockTag('indented', function* (context, templates) {
      const filled = (yield* inner(this, templates, context)).trim()
      return filled.replaceAll('\n', `\n${this.token.args.trim().slice(1, -1)}`)
    }),
  )
  liquid.registerTag(
    't',
    blockTag('t', function* (context, templates, source) {
      const found = lookUp(renderingOf(context), keptKey(this.token.args) ?? source.trim())
      const chosen =
        typeof found === 'string' ? parse.own(kind === 'html' ? escapeHtmlOutside(found) : found) : templates
      return (yield* inner(this, chosen, context)).trim()
    }),
  )
  liquid.registerTag(
    'nonempty',
    blockTag('nonempty', function* (context, templates) {
      const filled = yield* inner(this, templates, context)
      return /^\s*(?:\(\s*\)|<(\w+)\b[^<>]*>\s*<\/\1>)\s*$/.test(filled) ? '' : filled
    }),
  )
  liquid.registerTag('capture_text', captureText(parse.text))
  liquid.registerTag('tablerow', tablerowTag(kind))
  liquid.registerTag('footer_links', footerLinksTag(parse.text))
  liquid.registerTag(
    'address',
    blockTag('address', function* (context, templates) {
      const filled = yield* inner(this, templates, context)
      const address = safeAddress(kind === 'html' ? unescapeHtml(filled) : filled)
      const use = this.token.args.trim()
      if (!address && use !== '') renderingOf(context).lacksAddress = true
      if (use === 'judged') return ''
      return kind === 'html' ? escapeHtml(address ?? '#') : (address ?? '')
    }),
  )
  liquid.registerTag(
    'addressed',
    blockTag('addressed', function* (context, templates) {
      const rendering = renderingOf(context)
      const before = rendering.lacksAddress
      rendering.lacksAddress = false
      const filled = yield* inner(this, templates, context)
      const { lacksAddress } = renderingOf(context)
      rendering.lacksAddress = before
      if (!lacksAddress) return filled
      const warning = this.token.args.trim().slice(1, -1)
      if (warning !== '') {
        rendering.warn(warning)
        // What is around it goes with it.
        rendering.lacksAddress = true
      }
      return ''
    }),
  )
}

/** A translation is text: only its Liquid is left as it is. */
function escapeHtmlOutside(text: string): string {
  return text
    .split(/(\{\{[^{}]*\}\}|\{%[^{}]*%\})/)
    .map((part, index) => (index % 2 === 0 ? escapeHtml(part) : part))
    .join('')
}

function* inner(tag: Tag, templates: Template[], context: Context): Generator<unknown, string, unknown> {
  const output = new Output()
  yield tag.liquid.renderer.renderTemplates(templates, context, output)
  return output.buffer
}

function blockTag(
  name: string,
  render: (this: Tag, context: Context, templates: Template[], source: string) => Generator<unknown, string, unknown>,
) {
  return class extends Tag {
    readonly templates: Template[] = []
    source = ''

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
      super(token, rest, liquid)
      while (rest.length > 0) {
        const next = rest.shift()!
        if ('name' in next && next.name === `end${name}`) return
        this.source += next.getText()
        this.templates.push(parser.parseToken(next, rest))
      }
      throw new Error(`tag ${name} is not closed`)
    }

    *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
      emitter.write(yield* render.call(this, context, this.templates, this.source))
    }

    *children(): Generator<unknown, Template[], unknown> {
      yield undefined
      return this.templates
    }
  }
}

/** `{% capture_text name '<JSON of a text>' %}`: the text is filled without escaping, into a name. */
function captureText(parse: Parse) {
  return class extends Tag {
    readonly into: string
    readonly templates: Template[]

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
      super(token, rest, liquid)
      const [into = '', json = '""'] = token.args.trim().split(/\s(.*)/s)
      this.into = into
      this.templates = parse(JSON.parse(json.trim().slice(1, -1)) as string)
    }

    override *render(context: Context, _emitter: Emitter): Generator<unknown, void, unknown> {
      context.bottom()[this.into as never] = (yield* inner(this, this.templates, context)) as never
    }

    *children(): Generator<unknown, Template[], unknown> {
      yield undefined
      return this.templates
    }
  }
}

/**
 * `{% render 'key', a: b %}`: a partial sees its inputs and `vars`, and nothing else. One of Markdown is blocks, or text
 * alone, or rows, as its place asks; `render_item`, `render_inline` and `render_row` are what the compiler of Markdown makes of `render`.
 */
function renderTag(kind: Kind, given: RenderPlace | 'row', parse: { own: Parse; text: Parse }) {
  return class extends Tag {
    readonly key: string
    readonly inputs: Hash

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
      super(token, rest, liquid)
      const quoted = this.tokenizer.readQuoted()
      if (quoted === undefined) throw new Error("render needs the partial's key in quotes")
      this.key = quoted.getText().slice(1, -1)
      this.inputs = new Hash(this.tokenizer, liquid.options.keyValueSeparator)
    }

    *arguments(): Generator<Token, void> {
      for (const input of Object.values(this.inputs.hash)) if (input !== undefined) yield input
    }

    *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
      const rendering = renderingOf(context)
      const partial = Object.hasOwn(rendering.partials, this.key) ? rendering.partials[this.key] : undefined
      if (partial === undefined) throw new Error(`there is no partial ${this.key}`)
      if (rendering.depth >= DEEPEST) throw new Error(`partials are nested more than ${DEEPEST} deep`)
      const { [COLUMNS]: columns, ...inputs } = (yield this.inputs.render(context)) as Record<string, unknown>
      const rows = given === 'row' ? compiledRows(partial, Number(columns)) : null
      const place = given === 'row' ? 'item' : given
      const plain = partial.type === 'text' || partial.type === 'json'
      const keepsCaptured = kind === 'markdown_source' || (kind === 'html' && !plain)
      const within = context.spawn(scopeOf(partial, inputs, toValueSync(context._get(['vars'])), keepsCaptured))
      // What a definition's data shows at the top level is not the partial's.
      within.globals = {}
      setRendering(within, { ...rendering, depth: rendering.depth + 1 })
      const output = new Output()
      const templates =
        plain && kind === 'html'
          ? parse.text(partial.content)
          : parse.own(rows?.[kind === 'html' ? 'html' : 'text'] ?? contentOf(partial, kind, place))
      yield this.liquid.renderer.renderTemplates(templates, within, output)
      const written = partial.type === 'markdown' ? output.buffer.trim() : output.buffer
      if (rows !== null) emitter.write(written)
      else if (given === 'row' && kind === 'html')
        emitter.write(`<tr>\n<td colspan="${Number(columns)}">${plain ? escapeHtml(written) : written}</td>\n</tr>`)
      else if (plain && kind === 'html') emitter.write(escapeHtml(written))
      else if (kind === 'markdown_source' && emitter instanceof Output)
        emitter.write(inItsPlace(written, emitter.buffer))
      else emitter.write(kind === 'text' && place !== 'block' ? onOneLine(written) : written)
    }
  }
}

function scopeOf(
  partial: PartialSource,
  given: Record<string, unknown>,
  vars: unknown,
  keepsCaptured: boolean,
): Record<string, unknown> {
  const inputs = Object.entries({ ...partial.defaults, ...given }).map(([name, value]) => {
    if (partial.lists.includes(name)) return [name, listed(value instanceof Captured ? value.text : value)] as const
    if (value instanceof Captured && keepsCaptured) return [name, value] as const
    return [name, typeof value !== 'object' || value === null ? value : textOf(value)] as const
  })
  return { vars, ...Object.fromEntries(inputs) }
}

/** As a block, a partial gets texts: one that is JSON of a list or an object is what it says. */
function listed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(withExactNumbers(value)) as unknown
  } catch {
    return value
  }
}

const compiled = new WeakMap<PartialSource, Partial<Record<RenderPlace, { html: string; text: string }>>>()

const compiledRowsOf = new WeakMap<PartialSource, Map<number, Rows | null>>()

function compiledRows(partial: PartialSource, columns: number): Rows | null {
  const made = compiledRowsOf.get(partial) ?? new Map<number, Rows | null>()
  compiledRowsOf.set(partial, made)
  const known = made.get(columns)
  if (known !== undefined) return known
  const rows = rowsOf(partial, columns)
  made.set(columns, rows && (partial.type === 'html' ? compileHtml(rows.html) : rows))
  return made.get(columns)!
}

function contentOf(partial: PartialSource, kind: Kind, place: RenderPlace): string {
  if (partial.type === 'text' || partial.type === 'json') return partial.content
  if (kind === 'markdown_source' && partial.type === 'markdown') return partial.content
  const made = compiled.get(partial) ?? {}
  compiled.set(partial, made)
  // In a row's text there is one line for each cell, be it of blocks in HTML.
  const at = kind === 'html' || place === 'block' ? place : 'inline'
  const { html, text } = (made[at] ??=
    partial.type === 'markdown' ? compileMarkdown(partial.content, at) : compileHtml(partial.content))
  return kind === 'html' ? html : text
}

function compileHtml(content: string): { html: string; text: string } {
  const covered = withTableRows(cover(content))
  placeRendersInHtml(covered)
  keepKeys(covered)
  return { html: guardAddresses(covered), text: plainTextOf(covered) }
}

import {
  Hash,
  Tag,
  toValueSync,
  type Context,
  type Emitter,
  type Liquid,
  type TagToken,
  type Template,
  type Token,
  type TopLevelToken,
} from 'liquidjs'
import { withExactNumbers } from '../../json/source.ts'
import { guardAddresses } from '../address.ts'
import { escapeHtml } from '../escape.ts'
import { plainTextOf } from '../html-text.ts'
import { cover } from '../liquid-source.ts'
import { compileMarkdown } from '../markdown.ts'
import { COLUMNS, placeRendersInHtml, type RenderPlace } from '../markdown/renders.ts'
import { inItsPlace, onOneLine } from '../markdown-source/in-its-place.ts'
import { withTableRows } from '../table-rows.ts'
import { keepKeys } from '../translation-keys.ts'
import { Captured } from './captured.ts'
import { Output } from './output.ts'
import { rowsOf, type Rows } from './rendered-rows.ts'
import { renderingOf, setRendering, type PartialSource } from './rendering.ts'
import { textOf } from './text-of.ts'

/** Partials within partials. */
const DEEPEST = 5

/** What a template's result is. */
export type Kind = 'html' | 'text' | 'markdown_source'
/** How templates of this kind are parsed, and those whose result is plain text. */
export interface Parsers {
  own: (text: string) => Template[]
  text: (text: string) => Template[]
}

/**
 * `{% render 'key', a: b %}`: a partial sees its inputs and `vars`, and nothing else. One of Markdown is blocks, or text
 * alone, or rows, as its place asks; `render_item`, `render_inline` and `render_row` are what the compiler of Markdown makes of `render`.
 */
export function renderTag(kind: Kind, given: RenderPlace | 'row', parse: Parsers) {
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

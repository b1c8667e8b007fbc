import {
  CaptureTag,
  Drop,
  Tag,
  Value,
  type Context,
  type Emitter,
  type Liquid,
  type TagToken,
  type TopLevelToken,
} from 'liquidjs'
import { escapeHtml, unescapeHtml } from '../escape.ts'
import { isWhole, marked, unmarked, withoutMarks } from '../markdown-source/marks.ts'
import { Output } from './output.ts'
import { renderingOf } from './rendering.ts'
import { textOf } from './text-of.ts'

/**
 * What `capture` took, values in it escaped. It is known by what it is and never by its text: data is JSON, so no value can be
 * one. Conditions and filters see its text alone.
 */
export class Captured extends Drop {
  #text: string | (() => string)
  /** What `raw` shows: HTML, or Markdown source with the marks of its values. */
  readonly raw: string
  /** What it shows without. Null: a filter made it, and it is escaped as any text. */
  readonly markup: string | null

  /** `text` may be made when it is asked for. */
  constructor(text: string | (() => string), raw: string, markup: string | null = null) {
    super()
    this.#text = text
    this.raw = raw
    this.markup = markup
  }

  get text(): string {
    if (typeof this.#text === 'function') this.#text = this.#text()
    return this.#text
  }

  override valueOf(): string {
    return this.text
  }

  override toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** What an engine writes, and how values stand in it. */
export interface Dialect {
  isHtml: boolean
  escape: (text: string) => string
  /** What `escape` made, and all around it, as text. */
  textOf: (written: string) => string
  /** Whether what a filter made of what was written has its values escaped still; it made `text` of the text. */
  isKept: (filter: string, made: string, text: string) => boolean
  /** A text that a filter lays beside what was written. */
  argument: (text: string) => string
}

/** These work on each character or word, or keep what it begins with: what they leave of a value has a mark at least. */
const KEEP_MARKS = new Set(
  (
    'upcase downcase capitalize titlecase replace replace_first replace_last remove remove_first remove_last truncate ' +
    'truncatewords'
  ).split(' '),
)

export const dialects: Readonly<Record<'html' | 'markdown_source', Dialect>> = {
  html: { isHtml: true, escape: escapeHtml, textOf: unescapeHtml, isKept: () => true, argument: (text) => text },
  markdown_source: {
    isHtml: false,
    escape: marked,
    textOf: unmarked,
    isKept: (filter, made, text) => KEEP_MARKS.has(filter) && isWhole(made) && unmarked(made) === text,
    argument: withoutMarks,
  },
}

/** Whether something, or an item of a list, was captured. */
export const holdsCaptured = (value: unknown): boolean =>
  value instanceof Captured || (Array.isArray(value) && value.some((item) => item instanceof Captured))

/** A value as it is shown: escaped, but for what was captured, whose values are. */
export function shown(value: unknown, dialect: Dialect): string {
  if (value instanceof Captured) return value.markup ?? dialect.escape(value.text)
  if (holdsCaptured(value)) return (value as unknown[]).map((item) => shown(item, dialect)).join('')
  return dialect.escape(textOf(value))
}

/** `capture`, and `echo` that shows what it took. */
export function registerCaptureTags(liquid: Liquid, dialect: Dialect): void {
  liquid.registerTag(
    'capture',
    class extends CaptureTag {
      override *render(context: Context): Generator<unknown, void, string> {
        const output = new Output()
        yield this.liquid.renderer.renderTemplates(this.templates, context, output)
        const { buffer } = output
        context.memoryLimit.use(buffer.length)
        context.bottom()[this.variable as never] = new Captured(dialect.textOf(buffer), buffer, buffer) as never
        renderingOf(context).hasCaptured = true
      }
    },
  )
  liquid.registerTag(
    'echo',
    class extends Tag {
      readonly value: Value | null

      constructor(token: TagToken, rest: TopLevelToken[], engine: Liquid) {
        super(token, rest, engine)
        this.tokenizer.skipBlank()
        this.value = this.tokenizer.end() ? null : new Value(this.tokenizer.readFilteredValue(), engine)
      }

      *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
        if (this.value === null) return
        const value = yield this.value.value(context, false)
        emitter.write(this.value.filters.at(-1)?.raw === true ? value : shown(value, dialect))
      }

      *arguments(): Generator<Value, void> {
        if (this.value !== null) yield this.value
      }
    },
  )
}

import type { Context, Liquid } from 'liquidjs'
import { Captured, holdsCaptured, shown, type Dialect } from './captured.ts'
import { renderingOf } from './rendering.ts'
import { textOf } from './text-of.ts'

interface This {
  context: Context
}
type Handler = (this: This, value: unknown, ...args: unknown[]) => unknown

/** Of lists these hand items over as they are. */
const OF_LISTS = new Set(['push', 'unshift', 'concat', 'reverse', 'first', 'last', 'compact'])
/** What these make holds no markup, whatever they are given: `raw` behind them says nothing. */
const OF_TEXT = new Set(['url_encode', 'cgi_escape', 'md5', 'sha256', 'hmac_sha256', 'base64_encode'])
/** These take blanks away. */
const STRIPPING = new Set(['strip', 'lstrip', 'rstrip', 'strip_newlines'])

/**
 * Filters of what was captured. They work on its text, and what they make is escaped as any text; with `raw` behind them it is
 * what they make of what was written. Those that only add to it, or take blanks from it, keep it markup. Without a dialect:
 * plain text.
 */
export function registerCapturedFilters(liquid: Liquid, dialect: Dialect | null): void {
  for (const [name, given] of Object.entries(liquid.filters)) {
    const handler = (typeof given === 'function' ? given : given.handler) as Handler
    const raw = typeof given !== 'function' && given.raw
    const own = dialect === null ? undefined : keeping(name, handler, dialect)
    liquid.registerFilter(name, {
      raw,
      handler(this: This, value: unknown, ...args: unknown[]): unknown {
        if (!renderingOf(this.context).hasCaptured || ![value, ...args].some(holdsCaptured))
          return handler.call(this, value, ...args)
        const kept = own?.call(this, value, ...args)
        if (kept !== undefined) return kept
        const text = handler.apply(this, inAll([value, ...args], asText) as [unknown])
        if (raw || dialect === null || OF_TEXT.has(name) || !isTexts(text)) return text
        if (![value, ...args].some(holdsValues)) return text
        return both(name, text, ofWritten.call(this, handler, [value, ...args], dialect), dialect)
      },
    })
  }
}

const inAll = (values: unknown[], of: (value: unknown) => unknown): unknown[] =>
  values.map((value) => (Array.isArray(value) ? value.map(of) : of(value)))

/** Whether something captured, or an item, has values in it that are escaped. */
const holdsValues = (value: unknown): boolean =>
  value instanceof Captured ? value.raw !== value.text : Array.isArray(value) && value.some(holdsValues)

const asText = (value: unknown): unknown => (value instanceof Captured ? value.text : value)

/** What the filter makes of what was written; nothing where it can make nothing of that. */
function ofWritten(this: This, handler: Handler, values: unknown[], dialect: Dialect): unknown {
  try {
    return handler.apply(this, inAll(values, (each) => asWritten(each, dialect)) as [unknown])
  } catch {
    return undefined
  }
}

function asWritten(value: unknown, dialect: Dialect): unknown {
  if (value instanceof Captured) return value.raw
  return typeof value === 'string' ? dialect.argument(value) : value
}

const isTexts = (value: unknown): value is string | string[] =>
  typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))

function both(filter: string, text: string | string[], made: unknown, dialect: Dialect): unknown {
  if (typeof text === 'string') {
    const isKept = typeof made === 'string' && dialect.isKept(filter, made, text)
    return new Captured(text, isKept ? made : dialect.escape(text))
  }
  const items: unknown[] = Array.isArray(made) && made.length === text.length ? made : []
  return text.map((item, index) => both(filter, item, items[index], dialect))
}

/** What keeps markup, of such filters: undefined where it is a text that they make. */
function keeping(name: string, handler: Handler, dialect: Dialect): Handler | undefined {
  const made = (value: Captured, of: (text: string) => unknown) =>
    new Captured(textOf(of(value.text)), textOf(of(value.raw)), value.markup === null ? null : textOf(of(value.markup)))
  const raws = (values: unknown[]) => values.map((each) => asWritten(each, dialect))
  // An empty value would be a letter beside emphasis.
  const shownOf = (values: unknown[]) => values.map((each) => (textOf(each) === '' ? '' : shown(each, dialect)))
  if (STRIPPING.has(name))
    return function (value, ...args) {
      return value instanceof Captured && args.length === 0
        ? made(value, (text) => handler.call(this, text))
        : undefined
    }
  if (OF_LISTS.has(name))
    return function (value, ...args) {
      return Array.isArray(value) ? (handler.call(this, value, ...args) ?? null) : undefined
    }
  switch (name) {
    case 'raw':
      return (value) => (Array.isArray(value) ? raws(value) : raws([value])).map(textOf).join('')
    case 'default':
      return function (value, other, ...options) {
        if (value instanceof Captured) return value.text === '' ? other : value
        const none = {}
        const chosen = handler.call(this, value, none, ...options)
        return chosen === none ? other : chosen
      }
    case 'append':
    case 'prepend':
      return function (...given) {
        const [text, raw, markup] = [given.map(textOf), raws(given), shownOf(given)].map((pair) =>
          textOf(handler.apply(this, pair as [string])),
        )
        return new Captured(text!, raw!, markup)
      }
    case 'join':
      return function (value, separator = ' ') {
        if (!Array.isArray(value)) return undefined
        const [text, raw] = [value.map(asText), raws(value)].map((items) => items.map(textOf).join(textOf(separator)))
        return new Captured(text!, raw!, shownOf(value).join(...shownOf([separator])))
      }
    case 't':
      return function (key, ...args) {
        const pieces: Captured[] = []
        const held = args.map((each) => {
          if (!isNamed(each) || each[0] === 'count' || !(each[1] instanceof Captured)) return each
          return [each[0], `\0${pieces.push(each[1]) - 1}\0`]
        })
        if (pieces.length === 0) return undefined
        // Of a translation and pieces by turns, the translation first and last; no text holds such a mark.
        const parts = textOf(handler.apply(this, inAll([key, ...held], asText) as [unknown])).split(/\0(\d+)\0/)
        const filled = (written: (text: string) => string, piece: (captured: Captured) => string) =>
          parts.map((part, index) => (index % 2 === 0 ? written(part) : piece(pieces[Number(part)]!))).join('')
        return new Captured(
          filled(
            (text) => text,
            ({ text }) => text,
          ),
          filled(dialect.argument, ({ raw }) => raw),
          filled(dialect.escape, (captured) => shown(captured, dialect)),
        )
      }
    case 'text_of_html':
      return asText
    case 'strip_html':
      return function (value) {
        if (!dialect.isHtml || !(value instanceof Captured) || value.markup === null) return undefined
        const markup = textOf(handler.call(this, value.markup))
        return new Captured(dialect.textOf(markup), textOf(handler.call(this, value.raw)), markup)
      }
    case 'newline_to_br':
      return (value) => {
        if (!dialect.isHtml || !(value instanceof Captured) || value.markup === null) return undefined
        const broken = (text: string) => text.replace(/\r?\n/g, '<br />\n')
        const html = value.markup.replace(OUTSIDE_OF_TAGS, broken)
        return new Captured(() => broken(value.text), html, html)
      }
  }
  return undefined
}

const isNamed = (arg: unknown): arg is [string, unknown] => Array.isArray(arg) && arg.length === 2

/** What stands between tags; values, which are escaped, hold none. */
const OUTSIDE_OF_TAGS = /(?<=^|>)[^<>]+(?=<|$)/g

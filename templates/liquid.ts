import { Liquid, toValue, type LiquidOptions, type Template } from 'liquidjs'
import { escapeHtml, hide, unescapeHtml } from './escape.ts'

/**
 * Where a text goes decides how the values in it are escaped. `markdown`: a value is text, never markup (escape.ts);
 * `html`: escaped for HTML; `text`: as it is (subjects, addresses, request bodies). `| raw` switches it off.
 */
export type LiquidContext = 'text' | 'html' | 'markdown'

/** Longest result, in characters. */
const RESULT_LIMIT = 1_000_000

const options: LiquidOptions = {
  strictFilters: true,
  strictVariables: false,
  ownPropertyOnly: true,
  // The host's zone and language would make the same message differ between workers.
  timezoneOffset: 0,
  locale: 'en',
  parseLimit: RESULT_LIMIT,
  // Milliseconds. A template that loops for ever fails; it does not hold up the worker.
  renderLimit: 500,
  // Characters and list items that filters and ranges may make.
  memoryLimit: 5_000_000,
}

/** These read files. Without them a template that has one is refused when it is parsed. */
const fileTags = ['include', 'render', 'layout', 'block']

function engine(outputEscape: (value: unknown) => string): Liquid {
  const liquid = new Liquid({ ...options, outputEscape })
  for (const tag of fileTags) Reflect.deleteProperty(liquid.tags, tag)
  liquid.registerFilter('pluralize', (count: unknown, one: unknown, many: unknown) =>
    Number(count) === 1 ? one : many,
  )
  return liquid
}

const engines: Record<LiquidContext, Liquid> = {
  text: engine(textOf),
  html: engine((value) => escapeHtml(textOf(value))),
  markdown: engine((value) => hide(textOf(value))),
}

// What an author escapes or breaks by hand comes out escaped once, with its breaks.
const htmlOnce = (value: unknown) => escapeHtml(unescapeHtml(textOf(value)))
engines.html.registerFilter('escape', { raw: true, handler: (value: unknown) => escapeHtml(textOf(value)) })
engines.html.registerFilter('escape_once', { raw: true, handler: htmlOnce })
engines.html.registerFilter('newline_to_br', {
  raw: true,
  handler: (value: unknown) => htmlOnce(value).replace(/\r?\n/g, '<br />\n'),
})
engines.markdown.registerFilter('escape', (value: unknown) => value)
engines.markdown.registerFilter('escape_once', (value: unknown) => unescapeHtml(textOf(value)))
engines.markdown.registerFilter('newline_to_br', {
  raw: true,
  handler: (value: unknown) => hide(textOf(value)).replace(/\r?\n/g, '\\\n'),
})

const CACHED = 2_000
const cache = new Map<string, Template[]>()

/** Parses a template, or takes the one parsed before. Throws liquidjs' error, which names line and column. */
export function parseLiquid(text: string, context: LiquidContext): Template[] {
  const key = `${context} ${text}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const parsed = engines[context].parse(text)
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!)
  cache.set(key, parsed)
  return parsed
}

/**
 * What names, or may lead to, something that differs between the recipients of a trigger: the scope's own names of such
 * things, names computed from data, and chance.
 */
const OF_RECIPIENT = /recipient|activities|workflow|current_message|\[|_exp|sample|shuffle/

/** Texts that are the same for all recipients of a trigger, by its data. */
const ofTrigger = new WeakMap<object, Map<string, string>>()

/**
 * Renders a template at once, for a scope of plain data; the fields of its `data` stand below its own at the top level.
 * The result holds nothing that Postgres could not keep. A `data` object is one trigger's: a template that names nothing
 * of the recipient is rendered once for it.
 */
export function renderLiquid(text: string, context: LiquidContext, scope: { data?: object }): string {
  if (!text.includes('{')) return text
  const { data } = scope
  if (data === undefined || OF_RECIPIENT.test(text)) return fill(text, context, scope)
  const texts = ofTrigger.get(data) ?? new Map<string, string>()
  ofTrigger.set(data, texts)
  const key = `${context} ${text}`
  const known = texts.get(key)
  if (known !== undefined) return known
  const filled = fill(text, context, scope)
  texts.set(key, filled)
  return filled
}

function fill(text: string, context: LiquidContext, scope: { data?: object }): string {
  const result = render(engines[context], parseLiquid(text, context), scope)
  if (result.length > RESULT_LIMIT) throw new Error(`the result is longer than ${RESULT_LIMIT} characters`)
  // A filter may have cut a character in half, which would fail the statement that stores a whole chunk.
  return result.replace(/[\0\p{Surrogate}]/gu, '\ufffd')
}

/** The time limit is by the clock, and this process may have been the one that stood still: it counts the second time. */
function render(liquid: Liquid, template: Template[], scope: { data?: object }): string {
  const options = scope.data === undefined ? {} : { globals: scope.data }
  try {
    return liquid.renderSync(template, scope, options) as string
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('template render limit exceeded')) throw error
    return liquid.renderSync(template, scope, options) as string
  }
}

/** A list is its items side by side; any other object is its JSON. */
function textOf(value: unknown): string {
  const plain = toValue(value) as string | number | boolean | object | null | undefined
  if (plain === undefined || plain === null) return ''
  if (Array.isArray(plain)) return plain.map(textOf).join('')
  return typeof plain === 'object' ? JSON.stringify(plain) : String(plain)
}

import { createHash, createHmac } from 'node:crypto'
import { Token, type Context, type Liquid } from 'liquidjs'
import semver from 'semver'
import { withExactNumbers } from '../../json/source.ts'
import { textOfHtmlValue } from '../html-text.ts'
import { untrustedMarkdown, untrustedPhrase } from '../markdown.ts'
import { capitalized } from './characters.ts'
import { inZone, instantOf, ZonedInstant } from './instant.ts'
import { renderingOf, type Entities, type EntityKind } from './rendering.ts'
import { strftime } from './strftime.ts'
import { textOf } from './text-of.ts'
import { translate } from './translate.ts'

interface This {
  context: Context
  /** The filter as it stands in the template. */
  token: { args: readonly unknown[]; input: string; begin: number }
}

const DEFAULT_FORMAT = '%A, %B %-e, %Y at %-l:%M %P %z'

/** Knock's filters that liquidjs does not have, and those of liquidjs that would differ between hosts or from Shopify's. */
export function registerFilters(liquid: Liquid): void {
  const filter = (name: string, handler: (this: This, value: unknown, ...args: unknown[]) => unknown) => {
    liquid.registerFilter(name, handler as never)
  }
  const dated = (name: string, format: string) => {
    filter(name, function (value) {
      return show(this, value, format, undefined)
    })
  }
  filter('date', function (value, format, zone) {
    return show(this, value, format === undefined ? DEFAULT_FORMAT : textOf(format), zone)
  })
  dated('date_to_xmlschema', '%Y-%m-%dT%H:%M:%S%:z')
  dated('date_to_rfc822', '%a, %d %b %Y %H:%M:%S %z')
  dated('date_to_string', '%d %b %Y')
  dated('date_to_long_string', '%d %B %Y')
  filter('timezone', function (value, zone) {
    const { now, warn } = renderingOf(this.context)
    const at = instantOf(value, now)
    return at === null ? value : new ZonedInstant(inZone(at, zone, warn))
  })
  filter('format_date_in_locale', function (value, locale, style, zone) {
    return inLocale(this, value, locale, { dateStyle: styleOf(style, 'long') }, zone)
  })
  filter('format_datetime_in_locale', function (value, locale, date, time, zone) {
    return inLocale(this, value, locale, { dateStyle: styleOf(date, 'long'), timeStyle: styleOf(time, 'short') }, zone)
  })
  filter('format_number', function (value, locale) {
    return number(this, value, locale, {})
  })
  filter('currency', function (value, code, locale) {
    return number(this, value, locale, { style: 'currency', currency: currencyOf(code) })
  })
  filter('rounded_currency', function (value, code, locale) {
    const options = { style: 'currency', currency: currencyOf(code), maximumFractionDigits: 0 } as const
    return number(this, value, locale, options)
  })
  filter('divided_by', function (value, divisor, wantsInteger) {
    const [dividend, by] = [Number(value), Number(divisor)]
    if (by === 0) throw new Error('divided by 0')
    const isWhole = Number.isInteger(dividend) && Number.isInteger(by) && !hasFraction(this, value, divisor)
    return wantsInteger === true || isWhole ? Math.floor(dividend / by) : dividend / by
  })
  filter('pluralize', (count, one, many) => (Number(count) === 1 ? one : many))
  filter('titlecase', (value) => textOf(value).replace(/\p{L}[\p{L}\p{M}'’]*/gu, capitalized))
  filter('url_decode', (value) => decoded(textOf(value)))
  filter('from_json', (value) => {
    try {
      return typeof value === 'string' ? (JSON.parse(withExactNumbers(value)) as unknown) : value
    } catch {
      return null
    }
  })
  filter('md5', (value) => createHash('md5').update(textOf(value)).digest('hex'))
  filter('sha256', (value) => createHash('sha256').update(textOf(value)).digest('hex'))
  filter('hmac_sha256', (value, key) => createHmac('sha256', textOf(key)).update(textOf(value)).digest('hex'))
  filter('intersect', (value, other) => {
    const wanted = new Set(Array.isArray(other) ? other : [])
    return Array.isArray(value) ? (value as unknown[]).filter((item) => wanted.has(item)) : []
  })
  filter('equals', (value, other) => value === other)
  filter('compare_versions', (value, other) => {
    const [left, right] = [semver.coerce(textOf(value)), semver.coerce(textOf(other))]
    return left === null || right === null ? null : semver.compare(left, right)
  })
  filter('t', function (value, ...args) {
    const named = args.filter((arg): arg is [string, unknown] => Array.isArray(arg) && arg.length === 2)
    return translate(renderingOf(this.context), textOf(value), Object.fromEntries(named))
  })
  for (const kind of ['user', 'tenant'] as const) {
    filter(kind, function (value) {
      return entitiesOf(this, kind).get(kind, textOf(value))
    })
  }
  filter('object', function (value, collection) {
    return entitiesOf(this, 'object').get('object', textOf(value), textOf(collection))
  })
  filter('subscriptions', () => [])
  boundExpressions(liquid)
  // Ours, in plain texts that are made of HTML (liquid-source.ts).
  filter('text_of_html', (value) => textOfHtmlValue(textOf(value)))
  liquid.registerFilter('from_markdown', { raw: true, handler: (value: unknown) => untrustedMarkdown(textOf(value)) })
  // As compiled templates have it within a sentence.
  liquid.registerFilter('phrase_from_markdown', {
    raw: true,
    handler: (value: unknown) => untrustedPhrase(textOf(value)),
  })
}

/** As Shopify's: `+` is a blank and `%2B` a plus. What is no escape of UTF-8 stands as it is. */
function decoded(text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })
}

/** Whether a number is written with a fraction, be it `.0`, in the template or as a text: to Liquid it is not whole. */
function hasFraction({ token }: This, ...values: unknown[]): boolean {
  const [divisor] = token.args
  const before = token.input.slice(Math.max(0, token.begin - LONGEST_NUMBER), token.begin).trimEnd()
  const dividend = before
    .slice(0, -1)
    .trimEnd()
    .split(/[^\d.-]/)
    .at(-1)
  const written = [dividend, divisor instanceof Token ? divisor.getText() : undefined, ...values]
  return written.some((each) => typeof each === 'string' && /^-?\d+\.\d+$/.test(each.trim()))
}

const LONGEST_NUMBER = 60

function entitiesOf({ context }: This, filter: EntityKind): Entities {
  const { entities } = renderingOf(context)
  if (entities === undefined) throw new Error(`${filter} cannot be used here: nothing is loaded for this text`)
  return entities
}

const LONGEST_EXPRESSION = 1_000

/** An expression may be a value, and a long one takes minutes to parse. */
function boundExpressions(liquid: Liquid): void {
  for (const name of Object.keys(liquid.filters).filter((each) => each.endsWith('_exp'))) {
    const given = liquid.filters[name]!
    const plain = typeof given === 'function' ? given : given.handler
    liquid.registerFilter(name, function (list: unknown, item: unknown, expression: unknown, ...more: unknown[]) {
      if (textOf(expression).length > LONGEST_EXPRESSION || textOf(item).length > LONGEST_EXPRESSION)
        throw new Error(`the expression of ${name} is longer than ${LONGEST_EXPRESSION} characters`)
      return plain.call(this, list, item, expression, ...more) as unknown
    })
  }
}

/** A value that is no instant shows as it is. */
function show({ context }: This, value: unknown, format: string, zone: unknown): unknown {
  const { now, warn } = renderingOf(context)
  const at = instantOf(value, now)
  if (at === null) return value
  return strftime(zone === undefined ? at : inZone(at, zone, warn), format)
}

const styles = ['full', 'long', 'medium', 'short'] as const
type Style = (typeof styles)[number]
const styleOf = (style: unknown, otherwise: Style): Style => styles.find((known) => known === style) ?? otherwise

function inLocale(
  it: This,
  value: unknown,
  locale: unknown,
  options: Intl.DateTimeFormatOptions,
  zone: unknown,
): unknown {
  const { now, warn } = renderingOf(it.context)
  const at = instantOf(value, now)
  if (at === null) return value
  const placed = zone === undefined ? at : inZone(at, zone, warn)
  return placed.setLocale(localeOf(it, locale)).toLocaleString(options)
}

function number(it: This, value: unknown, locale: unknown, options: Intl.NumberFormatOptions): unknown {
  const plain = typeof value === 'number' ? value : Number(textOf(value).trim() || NaN)
  return Number.isNaN(plain) ? value : new Intl.NumberFormat(localeOf(it, locale), options).format(plain)
}

function currencyOf(code: unknown): string {
  const name = textOf(code).toUpperCase()
  return /^[A-Z]{3}$/.test(name) ? name : 'USD'
}

/** A locale that is none, or that this host has no words of, is English, with a warning: it would be the host's own. */
function localeOf({ context }: This, locale: unknown): string {
  const name = textOf(locale).replaceAll('_', '-')
  if (name === '') return 'en'
  const [known] = supported(name)
  if (known === undefined)
    renderingOf(context).warn(`the locale ${JSON.stringify(name.slice(0, 100))} is not known: English is shown`)
  return known ?? 'en'
}

function supported(name: string): string[] {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(name)
  } catch {
    return []
  }
}

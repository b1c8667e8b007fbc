import { DateTime, IANAZone } from 'luxon'

/** An instant that is shown in a zone of its own, as the `timezone` filter makes it. Shown as ISO 8601 with its offset. */
export class ZonedInstant {
  readonly at: DateTime

  constructor(at: DateTime) {
    this.at = at
  }

  toString(): string {
    return this.at.toISO({ suppressMilliseconds: this.at.millisecond === 0 }) ?? ''
  }
}

/** Longer texts are no instants. */
const LONGEST = 100

/** Ends with a zone that `Date.parse` knows. An offset follows a time or a zone: the end of `10-25-2026` is a year. */
const ENDS_WITH_ZONE =
  /(?:(?<![a-z])(?:Z|UT|UTC|GMT|[ECMP][SD]T)|(?:GMT|UTC?|Z|:\d\d(?:\.\d{1,9})?(?: ?[ap]m)?) ?[+-]\d{1,2}(?::?\d\d)?)(?: \([^()]{1,60}\))?$/i
/** What people write and no standard has: a month's name, or three numbers with / or - between them. */
const LOOKS_LIKE_A_DATE =
  /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b|^\d{1,4}[/-]\d{1,2}[/-]\d{1,4}/i

/**
 * The instant a value stands for, in UTC or in its own zone, or null. A text without a zone is read as UTC on every host.
 * A number, or a text of digits alone, counts seconds since 1970, as in Shopify's Liquid.
 */
export function instantOf(value: unknown, now: () => number = Date.now): DateTime | null {
  if (value instanceof ZonedInstant) return value.at
  if (value instanceof Date) return valid(DateTime.fromJSDate(value, utc))
  if (typeof value === 'number') return valid(DateTime.fromSeconds(value, utc))
  if (typeof value !== 'string' || value.length > LONGEST) return null
  const text = value.trim()
  if (text === 'now' || text === 'today') return DateTime.fromMillis(now(), utc)
  if (/^-?\d{5,12}$/.test(text)) return valid(DateTime.fromSeconds(Number(text), utc))
  return valid(DateTime.fromISO(text, utc)) ?? valid(DateTime.fromSQL(text.replace(/ UTC$/, ' Z'), utc)) ?? loose(text)
}

const utc = { zone: 'utc' }

const valid = (at: DateTime): DateTime | null => (at.isValid ? at : null)

function loose(text: string): DateTime | null {
  if (!LOOKS_LIKE_A_DATE.test(text)) return null
  const at = Date.parse(ENDS_WITH_ZONE.test(text) ? text : `${text} UTC`)
  return Number.isNaN(at) ? null : valid(DateTime.fromMillis(at, utc))
}

const known = new Map<string, boolean>()

/** True for a zone of the IANA database, or a fixed offset such as +02:00. */
function isZone(name: string): boolean {
  const before = known.get(name)
  if (before !== undefined) return before
  const is = IANAZone.isValidZone(name) || /^UTC[+-]\d{1,2}(?::\d\d)?$|^[+-]\d\d:\d\d$/.test(name)
  if (known.size > 1_000) known.clear()
  known.set(name, is)
  return is
}

/** The instant in a zone; in UTC, and `warn` called, where the zone is none. */
export function inZone(at: DateTime, zone: unknown, warn: (message: string) => void): DateTime {
  if (typeof zone === 'number') return at.setZone(`UTC${zone > 0 ? '-' : '+'}${Math.floor(Math.abs(zone) / 60)}`)
  const name = typeof zone === 'string' ? zone.trim() : ''
  if (name === '') return at.setZone('utc')
  if (!isZone(name)) {
    warn(`the time zone ${JSON.stringify(name.slice(0, 100))} is not known: UTC is shown`)
    return at.setZone('utc')
  }
  return at.setZone(/^[+-]/.test(name) ? `UTC${name}` : name)
}

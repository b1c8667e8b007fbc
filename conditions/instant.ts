const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?)?$/

/** An instant in epoch milliseconds, or what is wrong with the text. */
export type InstantReading = { at: number } | { problem: string }

/**
 * Reads an instant as RFC 3339 has it: the seconds may be left out, a fraction is cut at milliseconds, and it ends with
 * `Z` or an offset up to ±23:59. A time of day, a year alone, a week date and a time without a zone are no instants.
 */
export function readInstant(text: string): InstantReading {
  const parts = INSTANT.exec(text)
  if (parts === null) return { problem: `is not an instant; write it like 2030-01-31T09:00:00Z` }
  const [year, month, day, hour, minute, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part ? Number(part) : undefined))
  if (parts[8] === undefined && parts[9] === undefined)
    return { problem: 'has no time zone; end it with Z or an offset such as +02:00' }
  if (hour! > 23 || minute! > 59 || second > 59) return { problem: 'is not an instant: its time of day does not exist' }
  const date = new Date(0)
  date.setUTCFullYear(year!, month! - 1, day)
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day)
    return { problem: 'is not an instant: its month has no such day' }
  const offsetHours = Number(parts[10] ?? 0)
  const offsetMinutes = Number(parts[11] ?? 0)
  if (offsetHours > 23 || offsetMinutes > 59) return { problem: 'is not an instant: its offset is more than 23:59' }
  const ms = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const local = date.getTime() + ((hour! * 60 + minute!) * 60 + second) * 1000 + ms
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000
  return { at: parts[9] === '-' ? local + offset : local - offset }
}

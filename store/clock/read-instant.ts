/** An instant that a text names. */
export interface Instant {
  /** Epoch milliseconds; what is finer is cut off. */
  epochMs: number
  /** In UTC as Postgres takes it: milliseconds, or microseconds where there are any. */
  text: string
}

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$/i
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** What an instant must look like, for messages. */
export const instantForm = 'an instant with Z or an offset, such as 2030-01-31T09:00:00Z'

/**
 * The one reader of instants: RFC 3339 with seconds optional and an offset of up to 23:59. Undefined for what is none:
 * a time or year alone, a week date, a day that the month does not have, a date without a zone, years before 1.
 */
export function readInstant(text: string): Instant | undefined {
  const parts = RFC_3339.exec(text)
  if (parts === null) return undefined
  const [, date, hour, minute, second = '00', fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = parts
  const local = new Date(`${date}T${hour}:${minute}:${second}.000Z`)
  // A day that the month does not have comes out as another, or as none.
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(date!)) return undefined
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  const epochMs = local.getTime() - offset + Number(micros.slice(0, 3))
  if (epochMs < FIRST || epochMs > LAST) return undefined
  const finer = micros.slice(3)
  const utc = new Date(epochMs).toISOString()
  return { epochMs, text: finer === '000' ? utc : utc.replace('Z', `${finer}Z`) }
}

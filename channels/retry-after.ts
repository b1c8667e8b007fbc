/** The longest wait that a provider can ask for: 6 hours. */
const LONGEST_WAIT_MS = 6 * 3_600_000

/** An HTTP-date in each of its forms (RFC 9110 5.6.7); those of asctime name no zone, and mean GMT. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const RFC_850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/**
 * The wait that a Retry-After header asks for (RFC 9110 10.2.3: seconds or an HTTP-date), in milliseconds, capped at 6
 * hours. Decimal seconds, which some send all the same, are rounded up. `date` is the answer's Date header: a date is counted
 * from it, so that a far clock that is wrong does no harm. Undefined where the header is absent or is neither.
 */
export function retryAfterMs(
  header: string | string[] | undefined,
  date: string | string[] | undefined,
  now: number,
): number | undefined {
  const text = first(header)
  if (text === undefined) return undefined
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text)) * 1_000, LONGEST_WAIT_MS)
  const until = httpDate(text)
  if (until === undefined) return undefined
  const wait = until - (httpDate(first(date)) ?? now)
  return Math.min(Math.max(wait, 0), LONGEST_WAIT_MS)
}

function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.trim()
}

function httpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (IMF_FIXDATE.test(text) || RFC_850.test(text)) return instantOf(text)
  return ASCTIME.test(text) ? instantOf(`${text} GMT`) : undefined
}

function instantOf(text: string): number | undefined {
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

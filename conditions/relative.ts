/** A day is exactly 24 hours, whatever a zone's clock does. */
const UNITS: Record<string, number> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
}
const LEAST_MS = 15 * 60_000
/** 100 years. */
const MOST_MS = 36_525 * 86_400_000
const SHAPE = '{"value": 7, "unit": "days", "modifier": "from_now"}'

/**
 * The milliseconds from now that a relative timestamp such as `{"value": 7, "unit": "days", "modifier": "ago"}` stands
 * for, or what is wrong with it.
 */
export function relativeMs(given: unknown): number | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return `must be an instant such as 2030-01-31T09:00:00Z, or ${SHAPE}`
  const { value, unit, modifier } = given as Record<string, unknown>
  const factor = typeof unit === 'string' ? (UNITS[unit] ?? UNITS[`${unit}s`]) : undefined
  if (factor === undefined) return `must have a unit: one of ${Object.keys(UNITS).join(', ')}`
  const amount = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof amount !== 'number' || !Number.isFinite(amount) || amount <= 0)
    return `must have a value of more than 0, such as ${SHAPE}`
  if (modifier !== 'from_now' && modifier !== 'ago') return 'must have a modifier: from_now or ago'
  const ms = amount * factor
  if (ms < LEAST_MS) return 'is less than 15 minutes from now; use is_timestamp_before_now or a delay'
  if (ms > MOST_MS) return 'is more than 100 years from now'
  return modifier === 'ago' ? -ms : ms
}

import { DateTime } from 'luxon'
import { durationUnits, type DurationUnit } from '../../definitions/step.ts'

/** `value` is a whole number, not 0; negative for "before" where that is allowed. */
export interface SignedDuration {
  unit: DurationUnit
  value: number
}

const YEAR_IN: Record<DurationUnit, number> = {
  seconds: 31_536_000,
  minutes: 525_600,
  hours: 8_760,
  days: 365,
  weeks: 52,
  months: 12,
}

/** Reads `{"unit": "days", "value": 3}`; a text says what is wrong. At most 365 days, either way. */
export function readDuration(given: unknown, options: { signed?: boolean } = {}): SignedDuration | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return 'must be a duration such as {"unit": "days", "value": 3}'
  const { unit, value } = given as Record<string, unknown>
  const known = durationUnits.find((name) => name === unit || name === `${String(unit)}s`)
  if (known === undefined) return `has no unit Belay knows; it must be one of ${durationUnits.join(', ')}`
  const amount = typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value
  const least = options.signed === true ? -Infinity : 1
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount === 0 || amount < least)
    return `has no value Belay can use; it must be a whole number, ${options.signed === true ? 'not 0' : '1 or more'}`
  return Math.abs(amount) <= YEAR_IN[known] ? { unit: known, value: amount } : 'is more than 365 days'
}

/** Months are calendar months in UTC and end no later than their last day; a day is 24 hours, a week 7 days. */
export function addDuration(from: number, { unit, value }: SignedDuration): number {
  return DateTime.fromMillis(from, { zone: 'utc' })
    .plus({ [unit]: value })
    .toMillis()
}

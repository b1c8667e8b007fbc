import { Cron } from 'croner'
import { weekdayOf, weekdays, type Weekday } from './weekdays.ts'

export const windowFrequencies = ['hourly', 'daily', 'weekly', 'monthly'] as const

/** A rule that was checked: at least one instant fits it. Plain JSON. */
export interface WindowRule {
  frequency: (typeof windowFrequencies)[number]
  /** Null: any day. In a monthly rule without `dayOfMonth`: the first of these days in the month. */
  days: Weekday[] | null
  /** Null in an hourly rule, which takes every hour. */
  hours: number | null
  minutes: number
  dayOfMonth: number | null
}

const SHAPE = '{"frequency": "weekly", "days": ["mon"], "hours": 9, "minutes": 30}'

/** What is wrong with a rule, at one of its fields or with the whole of it. */
export interface WindowFault {
  field: string | null
  message: string
}

/** Reads a window rule as Knock writes it, or tells all that is wrong with it. Null and absent fields are defaults. */
export function readWindowRule(given: unknown): WindowRule | WindowFault[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return [{ field: null, message: `must be a window rule such as ${SHAPE}` }]
  const fields = given as Record<string, unknown>
  const frequency = windowFrequencies.find((name) => name === fields.frequency)
  const days = daysOf(fields.days)
  const hours = whole(fields.hours, 0, 23)
  const minutes = whole(fields.minutes, 0, 59)
  const dayOfMonth = whole(fields.day_of_month, 1, 31)
  const isRead =
    frequency !== undefined &&
    days !== undefined &&
    hours !== undefined &&
    minutes !== undefined &&
    dayOfMonth !== undefined
  if (isRead)
    return {
      frequency,
      days: days ?? (frequency === 'weekly' && dayOfMonth === null ? ['mon'] : null),
      hours: frequency === 'hourly' ? null : (hours ?? 0),
      minutes: minutes ?? 0,
      dayOfMonth: dayOfMonth ?? (frequency === 'monthly' && days === null ? 1 : null),
    }
  const wrong = (value: unknown, field: string, expected: string): WindowFault[] =>
    value === undefined ? [{ field, message: `must be ${expected}` }] : []
  return [
    ...wrong(frequency, 'frequency', `one of ${windowFrequencies.join(', ')}`),
    ...wrong(days, 'days', `a list of ${weekdays.join(', ')}, or "weekdays" or "weekends"`),
    ...wrong(hours, 'hours', 'a whole number from 0 to 23'),
    ...wrong(minutes, 'minutes', 'a whole number from 0 to 59'),
    ...wrong(dayOfMonth, 'day_of_month', 'a whole number from 1 to 31'),
  ]
}

/** Null for any day, undefined where one of them is none. */
function daysOf(given: unknown): Weekday[] | null | undefined {
  if (given === undefined || given === null || given === '') return null
  if (given === 'weekdays') return [...weekdays.slice(0, 5)]
  if (given === 'weekends') return [...weekdays.slice(5)]
  const names: unknown[] = Array.isArray(given) ? given : [given]
  if (names.length === 0) return null
  const days = names.map(weekdayOf)
  return days.includes(undefined) ? undefined : weekdays.filter((day) => days.includes(day))
}

/** The number as a number or as its digits, null where there is none, undefined where it is none of the range. */
function whole(given: unknown, from: number, until: number): number | null | undefined {
  if (given === undefined || given === null || given === '') return null
  const number = typeof given === 'string' && /^\d{1,3}$/.test(given) ? Number(given) : given
  return typeof number === 'number' && Number.isInteger(number) && number >= from && number <= until
    ? number
    : undefined
}

/**
 * The first instant after `after` that fits the rule in the zone, in epoch milliseconds. An hour that spring leaves out
 * counts as the instant at which it would have begun; one that autumn repeats counts once, its first time, but in an
 * hourly rule. A month without the day is passed over.
 */
export function nextInWindow(rule: WindowRule, zone: string, after: number): number {
  const next = patternsOf(rule).map((pattern) => cronOf(pattern, zone).nextRun(new Date(after))?.getTime() ?? Infinity)
  return Math.min(...next)
}

function patternsOf({ frequency, days, hours, minutes, dayOfMonth }: WindowRule): string[] {
  const time = `0 ${minutes} ${hours ?? '*'}`
  if (frequency === 'monthly' && dayOfMonth === null && days !== null) return firstOfMonth(time, days)
  return [`${time} ${dayOfMonth ?? '*'} * ${days === null ? '*' : days.join(',')}`]
}

/**
 * The first day of a month that is one of the days: with n days of the week asked for, it lies within its first 8 - n
 * days, but not on each of the seven; so one pattern for each day of the month that can be the first.
 */
function firstOfMonth(time: string, days: Weekday[]): string[] {
  return [1, 2, 3, 4, 5, 6, 7].flatMap((date) => {
    // The day `date` is the first of its kind if none of the days before it in the month was asked for.
    const first = days.filter((day) => {
      const index = weekdays.indexOf(day)
      return !Array.from({ length: date - 1 }, (_, back) => weekdays[(index - back - 1 + 7) % 7]!).some((earlier) =>
        days.includes(earlier),
      )
    })
    return first.length === 0 ? [] : [`${time} ${date} * ${first.join(',')}`]
  })
}

const CACHED = 1_000
const cache = new Map<string, Cron>()

/** Day of month and day of week must both fit. */
function cronOf(pattern: string, zone: string): Cron {
  const key = `${zone} ${pattern}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const cron = new Cron(pattern, { timezone: zone, domAndDow: true })
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value!)
  cache.set(key, cron)
  return cron
}

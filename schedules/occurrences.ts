import { nextInWindow, type WindowRule } from '../steps/delay/window-rule.ts'
import { weekdays, type Weekday } from '../steps/delay/weekdays.ts'
import { wallTime } from './wall-time.ts'

/** A rule of `repeats` as Knock writes it, checked. What is null is filled in from the start (`completeRule`). */
export interface RepeatRule {
  frequency: 'hourly' | 'daily' | 'weekly' | 'monthly'
  /** Of each so many hours, days, weeks or months one. */
  interval: number
  days: Weekday[] | null
  day_of_month: number | null
  hours: number | null
  minutes: number | null
}

/** When a schedule occurs. Instants are epoch milliseconds. */
export interface Recurrence {
  /** None: it occurs once, at `start`. */
  repeats: readonly RepeatRule[]
  /** Of the recipient: what rules are read in. */
  zone: string
  /** The first instant it may occur at. */
  start: number
  /** Whether `start` was asked for: then it fills in what rules leave open. */
  startGiven: boolean
  /** The last one; null: for ever. */
  end: number | null
}

/** Instants of a rule that are looked at before it counts as one that never comes. */
const MOST_LOOKS = 5_000

/** The first occurrence after `after`; null: there is none. */
export function nextOccurrence({ repeats, zone, start, startGiven, end }: Recurrence, after: number): number | null {
  const next =
    repeats.length === 0
      ? start > after
        ? start
        : Infinity
      : Math.min(...repeats.map((rule) => nextOfRule(rule, zone, { start, startGiven }, after)))
  return next === Infinity || (end !== null && next > end) ? null : next
}

/** A rule as the start completes it: the time of its day, its day of the week or month; without one, midnight, Monday, the first. */
export function completeRule(
  rule: RepeatRule,
  zone: string,
  { start, startGiven }: Pick<Recurrence, 'start' | 'startGiven'>,
): WindowRule {
  const { frequency, days, hours, minutes, day_of_month: date } = rule
  const at = wallTime(start, zone)
  const isTimeOpen = hours === null && minutes === null
  const timed = startGiven && isTimeOpen
  return {
    frequency,
    days: days ?? (frequency === 'weekly' ? [startGiven ? weekdays[at.weekday]! : 'mon'] : null),
    hours: frequency === 'hourly' ? null : timed ? at.hour : (hours ?? 0),
    minutes: timed ? at.minute : (minutes ?? 0),
    dayOfMonth: date ?? (frequency === 'monthly' && days === null ? (startGiven ? at.day : 1) : null),
  }
}

/** The period of the first instant of the rule counts as the first: every so many, that one among them. */
function nextOfRule(
  rule: RepeatRule,
  zone: string,
  given: Pick<Recurrence, 'start' | 'startGiven'>,
  after: number,
): number {
  const window = completeRule(rule, zone, given)
  const first = nextInWindow(window, zone, given.start - 1)
  if (first > after || first === Infinity) return first
  const anchor = periodOf(rule, zone, first)
  let at = after
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    at = nextInWindow(window, zone, at)
    if (at === Infinity || (periodOf(rule, zone, at) - anchor) % rule.interval === 0) return at
  }
  return Infinity
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The number of the hour, day, week (from Monday) or month that an instant lies in. */
function periodOf({ frequency }: RepeatRule, zone: string, instant: number): number {
  if (frequency === 'hourly') return Math.floor(instant / HOUR_MS)
  const { year, month, day } = wallTime(instant, zone)
  if (frequency === 'monthly') return year * 12 + month
  const date = Math.floor(Date.UTC(year, month - 1, day) / DAY_MS)
  // 1 January 1970 was a Thursday.
  return frequency === 'daily' ? date : Math.floor((date + 3) / 7)
}

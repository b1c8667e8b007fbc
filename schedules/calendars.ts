import type { WindowRule } from '../steps/delay/window-rule.ts'
import { weekdays } from '../steps/delay/weekdays.ts'
import { completeRule, nextOccurrence, type Recurrence } from './occurrences.ts'
import { wallTime } from './wall-time.ts'

/** A calendar of Temporal’s, with its days of the week from Sunday, 0. Left out: every one. */
export interface Calendar {
  dayOfMonth?: number | { start: number; end: number }
  dayOfWeek?: number[]
  hour?: number
  minute: number
  second: number
}

const DAY_MS = 86_400_000
/** Changes of a zone's offset are looked for so far ahead; a schedule is compiled anew before that. */
const COMPILED_FOR_MS = 400 * DAY_MS

/** What wakes a schedule: calendars, read in its zone, and instants by themselves, epoch milliseconds, whole seconds. */
export interface Wakes {
  calendars: Calendar[]
  instants: number[]
}

/**
 * What falls on every occurrence of the next 400 days and on some instants besides, at which nothing is due: which of
 * every two weeks it is no calendar can say. On days on which the clocks change, occurrences stand by themselves: a time
 * that spring leaves out, or that autumn repeats, Temporal would pass over, or take for the later one.
 */
export function wakesOf(recurrence: Recurrence, now: number): Wakes {
  const { repeats, zone, start } = recurrence
  if (repeats.length === 0) return { calendars: [], instants: [Math.ceil(start / 1_000) * 1_000] }
  const calendars = repeats.map((rule) => calendarOf(completeRule(rule, zone, recurrence)))
  const instants = changesOf(zone, Math.max(now, start - DAY_MS)).flatMap((day) => {
    const found: number[] = []
    for (let at = nextOccurrence(recurrence, day - DAY_MS); at !== null && at < day + 2 * DAY_MS;) {
      found.push(at)
      at = nextOccurrence(recurrence, at)
    }
    return found
  })
  return { calendars, instants: [...new Set(instants)] }
}

function calendarOf({ frequency, days, hours, minutes, dayOfMonth }: WindowRule): Calendar {
  const isFirstOfMonth = frequency === 'monthly' && dayOfMonth === null && days !== null
  return {
    second: 0,
    minute: minutes,
    ...(hours !== null && { hour: hours }),
    ...(dayOfMonth !== null && { dayOfMonth }),
    ...(isFirstOfMonth && { dayOfMonth: { start: 1, end: 7 } }),
    ...(days !== null && { dayOfWeek: days.map((day) => (weekdays.indexOf(day) + 1) % 7) }),
  }
}

/** The days, each as the instant at which it begins, on which the zone's offset changes. */
function changesOf(zone: string, from: number): number[] {
  const days: number[] = []
  let before = offsetOf(from, zone)
  for (let day = from; day < from + COMPILED_FOR_MS; day += DAY_MS) {
    const after = offsetOf(day + DAY_MS, zone)
    if (after !== before) days.push(day)
    before = after
  }
  return days
}

function offsetOf(instant: number, zone: string): number {
  const { year, month, day, hour, minute, second } = wallTime(instant, zone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1_000) * 1_000
}

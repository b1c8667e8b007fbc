import { DateTime } from 'luxon'
import { readInstant } from '../../store/clock/read-instant.ts'
import { durationUnits, type DelayStep, type Duration } from '../../definitions/definition.ts'

/** Where a delay finds its value. A recipient's own `$trigger_data` is laid over `data` by the caller. */
export interface DelayScope {
  data: Record<string, unknown>
  recipient?: Record<string, unknown>
  actor?: Record<string, unknown> | null
  tenant?: Record<string, unknown> | null
}

/** `due` in epoch milliseconds, never before `from`; or the path of the value that cannot be used, and why. */
export type DelayPlan = { due: number } | { field: string; problem: string }

/** How far past an instant may lie and still mean "now". */
const PAST_MS = 60_000

/** True if the trigger alone settles the delay: it can be planned, and refused, when the trigger is accepted. */
export function canPlanAtTrigger(step: DelayStep): boolean {
  return step.delayUntil === null || step.delayUntil.startsWith('data.')
}

/** When a step that began at `from` (epoch milliseconds) is over. */
export function planDelay(step: DelayStep, scope: DelayScope, from: number): DelayPlan {
  if (step.delayUntil === null) return { due: step.delayFor === null ? from : after(from, step.delayFor) }
  const field = step.delayUntil
  const start = startOf(valueAt(field, scope), from)
  if (typeof start === 'string') return { field, problem: start }
  const due = step.delayFor === null ? start : after(start, step.delayFor)
  if (due < from - PAST_MS) return { field, problem: `leads to ${iso(due)}, which is past` }
  if (due > from + YEAR_MS && due > yearAfter(from))
    return { field, problem: `leads to ${iso(due)}, which is more than 365 days ahead` }
  return { due: Math.max(due, from) }
}

/** Months are calendar months in UTC and end no later than their last day; a day is 24 hours, a week 7 days. */
export function after(from: number, { unit, value }: Duration): number {
  return DateTime.fromMillis(from, { zone: 'utc' })
    .plus({ [unit]: value })
    .toMillis()
}

/** Never longer than `yearAfter`, and known without a calendar. */
const YEAR_MS = 365 * 86_400_000

/** 365 days, or 12 months where they are 366. */
function yearAfter(from: number): number {
  return after(from, { unit: 'months', value: 12 })
}

const YEAR_IN: Record<Duration['unit'], number> = {
  seconds: 31_536_000,
  minutes: 525_600,
  hours: 8_760,
  days: 365,
  weeks: 52,
  months: 12,
}

export function withinYear({ unit, value }: Duration): boolean {
  return value <= YEAR_IN[unit]
}

function valueAt(path: string, scope: DelayScope): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined
  }, scope)
}

/** The instant a value stands for, or what is wrong with it. */
function startOf(value: unknown, from: number): number | string {
  if (value === undefined || value === null) return `is missing; ${expected}`
  if (typeof value === 'string') return instant(value)
  if (typeof value !== 'object' || Array.isArray(value)) return `is not an instant; ${expected}`
  if ('frequency' in value) return `is a window rule, which is not supported yet; ${expected}`
  const duration = durationOf(value)
  return typeof duration === 'string' ? duration : after(from, duration)
}

const expected = 'it must be an ISO 8601 instant such as 2030-01-31T09:00:00Z, or {"unit": "days", "value": 3}'

function instant(text: string): number | string {
  const read = readInstant(text)
  if (read !== undefined) return read.epochMs
  if (readInstant(`${text}Z`) !== undefined) return 'has no time zone; end it with Z or an offset such as +02:00'
  return `is not an instant; ${expected}`
}

function durationOf(value: object): Duration | string {
  const { unit, value: amount } = value as Record<string, unknown>
  const known = durationUnits.find((name) => name === unit)
  if (known === undefined) return `has no unit Belay knows; it must be one of ${durationUnits.join(', ')}`
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 1) {
    return 'has no value Belay can use; it must be a whole number, 1 or more'
  }
  const duration = { unit: known, value: amount }
  return withinYear(duration) ? duration : 'is more than 365 days'
}

const iso = (epochMs: number) => new Date(epochMs).toISOString()

import { DateTime } from 'luxon'
import { valueAt } from '../../conditions/path.ts'
import type { DelayStep, Duration } from '../../definitions/step.ts'
import { instantOfDynamicValue, readDynamicValue } from './dynamic-value.ts'
import { nextInWindow } from './window-rule.ts'

/** Where a delay finds its value. A recipient's own `$trigger_data` is laid over `data` by the caller. */
export interface DelayScope {
  data: Record<string, unknown>
  recipient?: Record<string, unknown>
  actor?: Record<string, unknown> | null
  tenant?: Record<string, unknown> | null
  vars?: unknown
}

/**
 * `due` in epoch milliseconds, never before `from`; or the path of the value that cannot be used, and why. `isPast`: it leads
 * to an instant that is over.
 */
export type DelayPlan = { due: number } | { field: string; problem: string; isPast?: true }

/** How far past an instant may lie and still mean "now". */
const PAST_MS = 60_000

/** What says how long a delay is, or the window of a batch. */
type Planned = Pick<DelayStep, 'delayFor' | 'delayUntil' | 'window'>

/** When a step that began at `from` (epoch milliseconds) is over; window rules are in the zone, null: not known yet. */
export function planDelay(step: Planned, scope: DelayScope, from: number, zone?: string): DelayPlan
export function planDelay(step: Planned, scope: DelayScope, from: number, zone: null): DelayPlan | 'needs zone'
export function planDelay(
  step: Planned,
  scope: DelayScope,
  from: number,
  zone: string | null = 'Etc/UTC',
): DelayPlan | 'needs zone' {
  if (step.window !== undefined) return zone === null ? 'needs zone' : { due: nextInWindow(step.window, zone, from) }
  if (step.delayUntil === null) return { due: step.delayFor === null ? from : after(from, step.delayFor) }
  const field = step.delayUntil
  const value = readDynamicValue(valueAt(field.split('.'), scope))
  if (typeof value === 'string') return { field, problem: value }
  if (value.kind === 'window' && zone === null) return 'needs zone'
  const start = instantOfDynamicValue(value, from, zone ?? 'Etc/UTC')
  const due = step.delayFor === null ? start : after(start, step.delayFor)
  if (due < from - PAST_MS) return { field, problem: `leads to ${iso(due)}, which is past`, isPast: true }
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

/** Whether it is at most 365 days, in either direction. */
export function withinYear({ unit, value }: Duration): boolean {
  return Math.abs(value) <= YEAR_IN[unit]
}

const iso = (epochMs: number) => new Date(epochMs).toISOString()

import { valueAt } from '../../conditions/path.ts'
import type { Duration, ThrottleStep } from '../../definitions/step.ts'
import { after } from '../delay/delay.ts'
import { instantOfDynamicValue, readDynamicValue } from '../delay/dynamic-value.ts'
import { nextInWindow, type WindowRule } from '../delay/window-rule.ts'

/** Passes that one window can count. */
export const MOST_PASSES = 1_000

const MOST_MS = 31 * 86_400_000

/** Months are calendar months, of which none is longer. */
const MOST_IN: Record<Duration['unit'], number> = {
  seconds: MOST_MS / 1_000,
  minutes: MOST_MS / 60_000,
  hours: MOST_MS / 3_600_000,
  days: 31,
  weeks: 4,
  months: 1,
}

/** Whether it is at most 31 days. */
export function withinMonth({ unit, value }: Duration): boolean {
  return value <= MOST_IN[unit]
}

/** When a window that opens at `from` closes, both epoch milliseconds; a text says why that cannot be told. */
export function windowEnd(step: ThrottleStep, scope: object, from: number, zone: string): number | string {
  const { windowFor, windowUntil, windowRule } = step
  if (windowRule !== null) return ruleEnd(windowRule, zone, from)
  if (windowFor !== null) return after(from, windowFor)
  const path = windowUntil ?? ''
  const value = readDynamicValue(valueAt(path.split('.'), scope))
  if (typeof value === 'string') return `${path} ${value}`
  if (value.kind === 'window') return ruleEnd(value.rule, zone, from)
  return bounded(instantOfDynamicValue(value, from, zone), from, path)
}

/** A rule may come later than the longest window closes: on the 31st, or on the first Monday. */
function ruleEnd(rule: WindowRule, zone: string, from: number): number {
  return Math.min(nextInWindow(rule, zone, from), from + MOST_MS)
}

function bounded(end: number, from: number, name: string): number | string {
  const iso = () => new Date(end).toISOString()
  if (end <= from) return `${name} leads to ${iso()}, which is past`
  return end > from + MOST_MS ? `${name} leads to ${iso()}, which is more than 31 days ahead` : end
}

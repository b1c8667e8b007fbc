import { instantReading } from '../../conditions/instant.ts'
import { isUnset } from '../../json/is-unset.ts'
import { addDuration, readDuration, type SignedDuration } from './duration.ts'
import { nextInWindow, readWindowRule, type WindowRule } from './window-rule.ts'

/** What a dynamic delay, batch window or throttle window may be set to. Plain JSON. */
export type DynamicValue =
  | { kind: 'instant'; at: number }
  | { kind: 'duration'; duration: SignedDuration }
  | { kind: 'window'; rule: WindowRule }

const EXPECTED =
  'it must be an instant such as 2030-01-31T09:00:00Z, a duration such as {"unit": "days", "value": 3}, ' +
  'or a window rule such as {"frequency": "daily", "hours": 9}'

/** Reads a value found at a path; a text says what is wrong with it. A text that is JSON is read as JSON. */
export function readDynamicValue(given: unknown): DynamicValue | string {
  if (given === undefined || given === null || given === '') return `is missing; ${EXPECTED}`
  if (typeof given === 'string') {
    if (given.trimStart().startsWith('{') && given.length <= 1_000) return readDynamicValue(parsed(given))
    const reading = instantReading(given)
    return 'at' in reading ? { kind: 'instant', at: reading.at } : reading.problem
  }
  if (typeof given !== 'object' || Array.isArray(given)) return `cannot be used; ${EXPECTED}`
  if (isRule(given)) {
    const rule = readWindowRule(given)
    if (!Array.isArray(rule)) return { kind: 'window', rule }
    return rule
      .map(({ field, message }) => (field === null ? message : `has a rule whose ${field} ${message}`))
      .join(', and ')
  }
  const duration = readDuration(given)
  return typeof duration === 'string' ? duration : { kind: 'duration', duration }
}

/** The instant a value leads to, counted from `from`; a window rule's next occurrence is in the zone. */
export function instantOfDynamicValue(value: DynamicValue, from: number, zone: string): number {
  if (value.kind === 'instant') return value.at
  return value.kind === 'duration' ? addDuration(from, value.duration) : nextInWindow(value.rule, zone, from)
}

/** Whether it is meant for a window rule: a duration may have the fields of one, unset. */
export function isRule(given: unknown): given is object {
  return typeof given === 'object' && given !== null && 'frequency' in given && !isUnset(given.frequency)
}

/** What is no JSON is left as a list, which no value is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return []
  }
}

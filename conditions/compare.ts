import type { Operator } from './conditions.ts'
import { instantReading } from './instant.ts'
import { relativeMs } from './relative.ts'
import { same, sameKey } from './sameness.ts'

/**
 * What a value is compared with: one value, or two readings of one text, `5` as the number and as the text. A value that
 * is missing stands here as "".
 */
export type Readings = readonly unknown[]

/** Answers an operator for values. `now` in epoch milliseconds. Never throws. */
export function compareValues(
  operator: Operator,
  left: unknown,
  right: Readings,
  isSet: boolean,
  now: number,
): boolean {
  switch (operator) {
    case 'equal_to':
      return right.some((reading) => same(left, reading))
    case 'not_equal_to':
      return !right.some((reading) => same(left, reading))
    case 'greater_than':
      return right.some((reading) => (order(left, reading) ?? 0) > 0)
    case 'less_than':
      return right.some((reading) => (order(left, reading) ?? 0) < 0)
    case 'greater_than_or_equal_to':
      return right.some((reading) => (order(left, reading) ?? -1) >= 0)
    case 'less_than_or_equal_to':
      return right.some((reading) => (order(left, reading) ?? 1) <= 0)
    case 'contains':
      return containsAny(left, right)
    case 'not_contains':
      return !containsAny(left, right)
    case 'contains_all':
      return containsAll(left, right)
    case 'not_contains_all':
      return !containsAll(left, right)
    case 'empty':
      return isEmpty(left)
    case 'not_empty':
      return !isEmpty(left)
    case 'exists':
      return isSet && left !== null
    case 'not_exists':
      return !isSet || left === null
    case 'is_between':
      return within(left, ends(right), order)
    case 'is_timestamp':
      return instantOf(left, now) !== null
    case 'is_not_timestamp':
      return instantOf(left, now) === null
    case 'is_timestamp_before':
      return right.some((reading) => (byInstant(left, reading, now) ?? 0) < 0)
    case 'is_timestamp_after':
      return right.some((reading) => (byInstant(left, reading, now) ?? 0) > 0)
    case 'is_timestamp_on_or_after':
      return right.some((reading) => (byInstant(left, reading, now) ?? -1) >= 0)
    case 'is_timestamp_between':
      return between(left, ends(right), now)
    case 'is_timestamp_before_now':
      return (instantOf(left, now) ?? now) < now
    case 'is_timestamp_on_or_after_now':
      return (instantOf(left, now) ?? -Infinity) >= now
  }
}

const NUMBER = /^[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?$/

/** Numbers, and texts that are numbers, by value; instants by time; other texts by their characters; else no order. */
function order(left: unknown, right: unknown): number | null {
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a !== null && b !== null) return a - b
  // A number is in no order with what is none: a missing value, an empty text, is not less than "5".
  if (a !== null || b !== null) return null
  if (typeof left !== 'string' || typeof right !== 'string') return same(left, right) ? 0 : null
  const [from, until] = [instantReading(left), instantReading(right)]
  if ('at' in from && 'at' in until) return from.at - until.at
  return left < right ? -1 : left > right ? 1 : 0
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : null
}

/** A list shares an entry with the other side; a text has it in it. The empty text is in nothing. */
function containsAny(left: unknown, right: Readings): boolean {
  const wanted = right.flatMap((reading) => (Array.isArray(reading) ? (reading as unknown[]) : [reading]))
  if (Array.isArray(left)) {
    const keys = new Set(left.map((item) => sameKey(item)))
    return wanted.some((item) => keys.has(sameKey(item)))
  }
  return typeof left === 'string' && wanted.some((item) => inText(left, item))
}

function containsAll(left: unknown, right: Readings): boolean {
  const keys = Array.isArray(left) ? new Set(left.map((item) => sameKey(item))) : null
  const has = (item: unknown) =>
    keys === null ? typeof left === 'string' && inText(left, item) : keys.has(sameKey(item))
  return right.some((reading) => (Array.isArray(reading) ? reading.every(has) : has(reading)))
}

function inText(text: string, item: unknown): boolean {
  if (typeof item === 'number' || typeof item === 'boolean') return text.includes(String(item))
  return typeof item === 'string' && item !== '' && text.includes(item)
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || (Array.isArray(value) && value.length === 0)
}

/** The two ends of a between, or null if the argument turned out to be something else. */
function ends(right: Readings): readonly [unknown, unknown] | null {
  const [list] = right
  return Array.isArray(list) && list.length === 2 ? [list[0], list[1]] : null
}

/** Both ends belong to it. */
function within(
  value: unknown,
  limits: readonly [unknown, unknown] | null,
  compare: (left: unknown, right: unknown) => number | null,
): boolean {
  if (limits === null) return false
  return (compare(value, limits[0]) ?? -1) >= 0 && (compare(value, limits[1]) ?? 1) <= 0
}

/** The first end belongs to it, the second does not. */
function between(value: unknown, limits: readonly [unknown, unknown] | null, now: number): boolean {
  if (limits === null) return false
  return (byInstant(value, limits[0], now) ?? -1) >= 0 && (byInstant(value, limits[1], now) ?? 0) < 0
}

function byInstant(left: unknown, right: unknown, now: number): number | null {
  const [a, b] = [instantOf(left, now), instantOf(right, now)]
  return a === null || b === null ? null : a - b
}

/** An instant written out, or one relative to now as an argument may be. */
function instantOf(value: unknown, now: number): number | null {
  if (typeof value === 'string') {
    const reading = instantReading(value)
    return 'at' in reading ? reading.at : null
  }
  const ms = relativeMs(value)
  return typeof ms === 'number' ? now + ms : null
}

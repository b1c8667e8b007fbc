import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { test } from 'node:test'
import { weekdays } from '../../steps/delay/weekdays.ts'
import { nextInWindow, readWindowRule, windowFrequencies, type WindowRule } from '../../steps/delay/window-rule.ts'
import { firstZone, isZone } from '../../steps/delay/zone.ts'

const BERLIN = 'Europe/Berlin'
function rule(given: object): WindowRule {
  const read = readWindowRule(given)
  assert.ok(!Array.isArray(read))
  return read
}
/** The next occurrences, as the zone's clock shows them. */
function occurrences(given: object, after: string, zone: string, count = 3): string[] {
  const found: string[] = []
  let at = Date.parse(after)
  while (found.length < count) {
    at = nextInWindow(rule(given), zone, at)
    found.push(DateTime.fromMillis(at, { zone }).toISO({ suppressMilliseconds: true, suppressSeconds: true })!)
  }
  return found
}

test('a daily rule comes at its time in the zone, and not at the instant it is asked', () => {
  const nine = { frequency: 'daily', hours: 9, minutes: 30 }
  assert.deepEqual(occurrences(nine, '2030-01-01T08:29:59.999Z', BERLIN, 2), [
    '2030-01-01T09:30+01:00',
    '2030-01-02T09:30+01:00',
  ])
  assert.deepEqual(occurrences(nine, '2030-01-01T08:30:00Z', BERLIN, 1), ['2030-01-02T09:30+01:00'])
  assert.deepEqual(occurrences(nine, '2030-01-01T00:00:00Z', 'Asia/Kathmandu', 1), ['2030-01-01T09:30+05:45'])
  assert.deepEqual(occurrences({ frequency: 'daily' }, '2030-01-01T00:00:00Z', 'Etc/UTC', 1), [
    '2030-01-02T00:00+00:00',
  ])
})

test('days restrict a rule, by name, as weekdays or as weekends', () => {
  const at = (days: unknown, frequency = 'daily') =>
    occurrences({ frequency, days, hours: 9 }, '2030-01-03T12:00:00Z', 'Etc/UTC', 2).map((text) => text.slice(0, 10))
  // 3 January 2030 is a Thursday.
  assert.deepEqual(at('weekdays'), ['2030-01-04', '2030-01-07'])
  assert.deepEqual(at('weekends'), ['2030-01-05', '2030-01-06'])
  assert.deepEqual(at(['mon', 'wed'], 'weekly'), ['2030-01-07', '2030-01-09'])
  assert.deepEqual(at(['Monday'], 'weekly'), ['2030-01-07', '2030-01-14'])
  assert.deepEqual(at([], 'weekly'), ['2030-01-07', '2030-01-14'])
  assert.deepEqual(at(null), ['2030-01-04', '2030-01-05'])
})

test('an hourly rule comes each hour at its minute, on its days', () => {
  assert.deepEqual(occurrences({ frequency: 'hourly', minutes: 15 }, '2030-01-01T10:15:00Z', 'Etc/UTC', 2), [
    '2030-01-01T11:15+00:00',
    '2030-01-01T12:15+00:00',
  ])
  assert.deepEqual(occurrences({ frequency: 'hourly', days: ['sat'] }, '2030-01-03T12:00:00Z', 'Etc/UTC', 1), [
    '2030-01-05T00:00+00:00',
  ])
})

test('a monthly rule passes over months without its day', () => {
  assert.deepEqual(
    occurrences({ frequency: 'monthly', day_of_month: 31, hours: 9 }, '2030-01-31T12:00:00Z', 'Etc/UTC'),
    ['2030-03-31T09:00+00:00', '2030-05-31T09:00+00:00', '2030-07-31T09:00+00:00'],
  )
  assert.deepEqual(occurrences({ frequency: 'monthly' }, '2030-01-31T12:00:00Z', 'Etc/UTC', 1), [
    '2030-02-01T00:00+00:00',
  ])
})

test('a monthly rule with days comes on the first of them, and with a day of the month only when both fit', () => {
  const at = (given: object) =>
    occurrences({ frequency: 'monthly', ...given }, '2029-12-31T12:00:00Z', 'Etc/UTC').map((text) => text.slice(0, 10))
  // January, February and March 2030 begin on a Tuesday, a Friday and a Friday.
  assert.deepEqual(at({ days: ['mon'] }), ['2030-01-07', '2030-02-04', '2030-03-04'])
  assert.deepEqual(at({ days: 'weekends' }), ['2030-01-05', '2030-02-02', '2030-03-02'])
  assert.deepEqual(at({ days: 'weekdays' }), ['2030-01-01', '2030-02-01', '2030-03-01'])
  assert.deepEqual(at({ days: ['mon'], day_of_month: 15 }), ['2030-04-15', '2030-07-15', '2031-09-15'])
})

test('an hour that spring leaves out comes as soon as the clock is past it', () => {
  assert.deepEqual(occurrences({ frequency: 'daily', hours: 2, minutes: 30 }, '2030-03-30T12:00:00Z', BERLIN, 2), [
    '2030-03-31T03:00+02:00',
    '2030-04-01T02:30+02:00',
  ])
  // Midnight itself is left out in Chile.
  assert.deepEqual(occurrences({ frequency: 'daily' }, '2026-09-05T12:00:00Z', 'America/Santiago', 1), [
    '2026-09-06T01:00-03:00',
  ])
})

test('an hour that autumn repeats comes once, but in an hourly rule', () => {
  assert.deepEqual(occurrences({ frequency: 'daily', hours: 2, minutes: 30 }, '2030-10-26T12:00:00Z', BERLIN, 2), [
    '2030-10-27T02:30+02:00',
    '2030-10-28T02:30+01:00',
  ])
  assert.deepEqual(occurrences({ frequency: 'hourly', minutes: 30 }, '2030-10-26T23:45:00Z', BERLIN, 3), [
    '2030-10-27T02:30+02:00',
    '2030-10-27T02:30+01:00',
    '2030-10-27T03:30+01:00',
  ])
})

test('a rule that can never come, or is none, is refused with all that is wrong with it, each at its field', () => {
  const faults = (given: unknown) => {
    const read = readWindowRule(given)
    assert.ok(Array.isArray(read))
    return read.map(({ field, message }) => `${field ?? 'rule'} ${message}`)
  }
  assert.deepEqual(faults({ frequency: 'monthly', day_of_month: 32 }), [
    'day_of_month must be a whole number from 1 to 31',
  ])
  assert.equal(faults({ frequency: 'monthly', day_of_month: 0 }).length, 1)
  assert.deepEqual(faults({ frequency: 'daily', hours: 9.5 }), ['hours must be a whole number from 0 to 23'])
  assert.deepEqual(faults({ frequency: 'yearly', days: ['mon', 'noday'], hours: 24, minutes: 60 }), [
    'frequency must be one of hourly, daily, weekly, monthly',
    'days must be a list of mon, tue, wed, thu, fri, sat, sun, or "weekdays" or "weekends"',
    'hours must be a whole number from 0 to 23',
    'minutes must be a whole number from 0 to 59',
  ])
  for (const none of ['daily', null, []]) assert.match(faults(none)[0]!, /^rule must be a window rule such as/)
})

test('the next occurrence is in the future, fits the rule, and none lies before it', () => {
  const zones = [BERLIN, 'America/New_York', 'Asia/Kathmandu', 'Etc/UTC', 'Australia/Lord_Howe']
  const given = fc.record({
    frequency: fc.constantFrom(...windowFrequencies),
    days: fc.option(fc.subarray([...weekdays], { minLength: 1 })),
    hours: fc.option(fc.integer({ min: 0, max: 23 })),
    minutes: fc.option(fc.integer({ min: 0, max: 59 })),
    day_of_month: fc.option(fc.integer({ min: 1, max: 31 })),
  })
  const instant = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2040-01-01') })
  fc.assert(
    fc.property(given, fc.constantFrom(...zones), instant, (fields, zone, after) => {
      const read = rule(fields)
      const next = nextInWindow(read, zone, after)
      assert.ok(next > after)
      const local = DateTime.fromMillis(next, { zone })
      // Only an hour that was left out may come at another time than it says: within the first hour after it.
      const before = DateTime.fromMillis(next - 1, { zone })
      const afterGap = before.offset !== local.offset
      if (!afterGap) {
        assert.equal(local.minute, read.minutes)
        if (read.hours !== null) assert.equal(local.hour, read.hours)
      }
      if (read.days !== null) assert.ok(read.days.includes(weekdays[local.weekday - 1]!))
      if (read.dayOfMonth !== null) assert.equal(local.day, read.dayOfMonth)
      assert.equal(nextInWindow(read, zone, next - 1), next)
    }),
    { numRuns: 500 },
  )
})

test('the first name that is a zone counts, else Etc/UTC', () => {
  assert.equal(firstZone(undefined, 'Nowhere/Else', BERLIN, 'Etc/UTC'), BERLIN)
  assert.equal(firstZone(null, 5), 'Etc/UTC')
  for (const name of ['+02:00', '', 'a'.repeat(100), '../etc']) assert.equal(isZone(name), false, name)
})

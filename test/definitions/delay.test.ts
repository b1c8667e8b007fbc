import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { after, planDelay, type DelayPlan } from '../../steps/delay/delay.ts'
import { delayKind } from '../../steps/delay/kind.ts'
import { durationUnits, type DelayStep, type Duration } from '../../definitions/step.ts'

const from = Date.parse('2030-01-31T12:00:00.000Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR

function step(delayFor: Duration | null, delayUntil: string | null = null): DelayStep {
  return { type: 'delay', ref: 'delay_1', name: 'delay_1', delayFor, delayUntil, next: null }
}
const until = (value: unknown, delayFor: Duration | null = null): DelayPlan =>
  planDelay(step(delayFor, 'data.due'), { data: { due: value } }, from)
const dueOf = (plan: DelayPlan): string => ('due' in plan ? new Date(plan.due).toISOString() : plan.problem)

function refused(plan: DelayPlan, problem: RegExp, field = 'data.due'): void {
  assert.ok('problem' in plan, JSON.stringify(plan))
  assert.equal(plan.field, field)
  assert.match(plan.problem, problem)
}

test('a delay for a while counts from its beginning', () => {
  const planned = (unit: Duration['unit'], value: number) => dueOf(planDelay(step({ unit, value }), { data: {} }, from))
  assert.equal(planned('seconds', 90), '2030-01-31T12:01:30.000Z')
  assert.equal(planned('minutes', 5), '2030-01-31T12:05:00.000Z')
  assert.equal(planned('hours', 24), '2030-02-01T12:00:00.000Z')
  assert.equal(planned('days', 3), '2030-02-03T12:00:00.000Z')
  assert.equal(planned('weeks', 2), '2030-02-14T12:00:00.000Z')
})

test('a month is a calendar month in UTC and ends no later than its last day', () => {
  const planned = (value: number) => dueOf(planDelay(step({ unit: 'months', value }), { data: {} }, from))
  assert.equal(planned(1), '2030-02-28T12:00:00.000Z')
  assert.equal(planned(2), '2030-03-31T12:00:00.000Z')
  assert.equal(planned(12), '2031-01-31T12:00:00.000Z')
})

test('a delay until an instant takes Z and offsets', () => {
  assert.equal(dueOf(until('2030-02-01T09:00:00Z')), '2030-02-01T09:00:00.000Z')
  assert.equal(dueOf(until('2030-02-01T09:00:00.250+02:00')), '2030-02-01T07:00:00.250Z')
  assert.equal(dueOf(until('2030-02-01T09:00-0330')), '2030-02-01T12:30:00.000Z')
  assert.equal(dueOf(until('2030-02-01t09:00:00z')), '2030-02-01T09:00:00.000Z')
})

test('a delay until a duration counts from its beginning', () => {
  assert.equal(dueOf(until({ unit: 'minutes', value: 2 })), '2030-01-31T12:02:00.000Z')
})

test('with both, the duration is an offset from the instant', () => {
  assert.equal(dueOf(until('2030-02-01T09:00:00Z', { unit: 'days', value: 1 })), '2030-02-02T09:00:00.000Z')
  assert.equal(dueOf(until({ unit: 'hours', value: 1 }, { unit: 'hours', value: 2 })), '2030-01-31T15:00:00.000Z')
  // The instant itself may be past: only what it leads to counts.
  assert.equal(dueOf(until('2030-01-30T12:00:00Z', { unit: 'days', value: 3 })), '2030-02-02T12:00:00.000Z')
})

test('an instant up to a minute past is now, and one further past is refused', () => {
  assert.equal(dueOf(until(new Date(from - 60_000).toISOString())), new Date(from).toISOString())
  refused(until(new Date(from - 60_001).toISOString()), /is past/)
})

test('a delay reaches 365 days ahead, or 12 months, and no further', () => {
  assert.equal(dueOf(until('2031-01-31T12:00:00Z')), '2031-01-31T12:00:00.000Z')
  refused(until('2031-01-31T12:00:00.001Z'), /more than 365 days ahead/)
  refused(until('2031-01-31T11:00:00Z', { unit: 'hours', value: 2 }), /more than 365 days ahead/)
  refused(until({ unit: 'days', value: 366 }), /more than 365 days/)
  const leap = Date.parse('2027-03-01T00:00:00Z')
  const plan = planDelay(step(null, 'data.due'), { data: { due: { unit: 'months', value: 12 } } }, leap)
  assert.equal(dueOf(plan), '2028-03-01T00:00:00.000Z')
})

test('a value that is no instant is refused, saying what would be right', () => {
  refused(until(undefined), /is missing; it must be an instant such as/)
  for (const value of [null, '']) refused(until(value), /is missing/)
  refused(until('2030-02-01T09:00:00'), /has no time zone; end it with Z/)
  for (const value of [
    'tomorrow',
    '2030-02-01',
    '2030-02-30T09:00:00Z',
    1_900_000_000,
    true,
    ['2030-02-01T09:00:00Z'],
  ]) {
    refused(until(value), /is no instant|cannot be used/)
  }
  refused(until({ unit: 'years', value: 1 }), /has no unit Belay knows/)
  for (const value of [0, -1, 1.5, 'three', Number.NaN])
    refused(until({ unit: 'days', value }), /whole number, 1 or more/)
  refused(until({ frequency: 'daily', hours: 24 }), /a rule whose hours must be a whole number/)
})

test('a window rule leads to its next occurrence in the zone', () => {
  const planned = (zone: string) =>
    dueOf(planDelay(step(null, 'data.due'), { data: { due: { frequency: 'daily', hours: 9 } } }, from, zone))
  assert.equal(planned('Etc/UTC'), '2030-02-01T09:00:00.000Z')
  assert.equal(planned('America/New_York'), '2030-01-31T14:00:00.000Z')
})

test('a negative offset lies before the instant', () => {
  assert.equal(dueOf(until('2030-02-03T09:00:00Z', { unit: 'days', value: -2 })), '2030-02-01T09:00:00.000Z')
  refused(until('2030-02-01T09:00:00Z', { unit: 'days', value: -2 }), /is past/)
})

test('a value is found along its path, among own properties only', () => {
  const plan = (path: string) =>
    planDelay(
      step(null, path),
      {
        data: {},
        recipient: { trial: { ends: '2030-02-01T00:00:00Z' } },
        actor: null,
        tenant: { at: '2030-02-02T00:00:00Z' },
      },
      from,
    )
  assert.equal(dueOf(plan('recipient.trial.ends')), '2030-02-01T00:00:00.000Z')
  assert.equal(dueOf(plan('tenant.at')), '2030-02-02T00:00:00.000Z')
  refused(plan('actor.at'), /is missing/, 'actor.at')
  refused(plan('data.constructor.name'), /is missing/, 'data.constructor.name')
})

test('only what the trigger itself settles is planned at the trigger', () => {
  const duration: Duration = { unit: 'days', value: 1 }
  const planned = (delay: DelayStep, skipDelay = false) =>
    delayKind.planAtTrigger!(delay, { data: { due_at: '2030-02-01T00:00:00Z' }, skipDelay }, from)
  assert.deepEqual(planned(step(duration)), { due: from + DAY })
  assert.deepEqual(planned(step(null, 'data.due_at')), { due: Date.parse('2030-02-01T00:00:00Z') })
  assert.equal(planned(step(duration), true), null)
  assert.equal(planned(step(null, 'recipient.due_at')), null)
  assert.equal(planned(step(null, 'database.due_at')), null)
})

const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }).map(Number)
const durations = fc.record({ unit: fc.constantFrom(...durationUnits), value: fc.integer({ min: 1, max: 12 }) })

test('whatever the duration, a delay ends after it began, and a longer one later', () => {
  fc.assert(
    fc.property(instants, durations, (begin, { unit, value }) => {
      const due = (n: number) => after(begin, { unit, value: n })
      assert.ok(due(value) > begin)
      assert.ok(due(value + 1) > due(value))
    }),
  )
})

test('whatever the months, the day is the same or the last of its month, and the time of day stays', () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: 1, max: 12 }), (begin, value) => {
      const [start, end] = [new Date(begin), new Date(after(begin, { unit: 'months', value }))]
      const months = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth()
      assert.equal(months(end) - months(start), value)
      const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate()
      assert.equal(end.getUTCDate(), Math.min(start.getUTCDate(), lastDay))
      assert.equal(end.getTime() % DAY, start.getTime() % DAY)
    }),
  )
})

test('whatever the instant, a plan is never before its beginning, nor beyond a year, and follows the instant', () => {
  fc.assert(
    fc.property(fc.integer({ min: -60_000, max: 365 * DAY }), fc.integer({ min: 0, max: HOUR }), (offset, more) => {
      const planned = (ms: number) => until(new Date(from + ms).toISOString())
      const [first, second] = [planned(offset), planned(Math.min(offset + more, 365 * DAY))]
      assert.ok('due' in first && 'due' in second)
      assert.equal(first.due, Math.max(from, from + offset))
      assert.ok(second.due >= first.due)
    }),
  )
})

test('whatever JSON stands in data, planning answers and does not throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.option(durations), (value, delayFor) => {
      const plan = until(value, delayFor)
      assert.ok('due' in plan ? plan.due >= from : plan.problem !== '')
    }),
  )
})

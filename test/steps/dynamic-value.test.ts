import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { addDuration, readDuration } from '../../steps/delay/duration.ts'
import { instantOfDynamicValue, readDynamicValue } from '../../steps/delay/dynamic-value.ts'

const from = Date.parse('2030-01-31T12:00:00Z')
const leadsTo = (given: unknown) => {
  const value = readDynamicValue(given)
  return typeof value === 'string' ? value : new Date(instantOfDynamicValue(value, from, 'Europe/Berlin')).toISOString()
}

test('a dynamic value is an instant, a duration or a window rule, or their JSON in a text', () => {
  assert.equal(leadsTo('2030-02-01T09:00:00+02:00'), '2030-02-01T07:00:00.000Z')
  assert.equal(leadsTo({ unit: 'minutes', value: 15 }), '2030-01-31T12:15:00.000Z')
  assert.equal(leadsTo({ unit: 'months', value: 1 }), '2030-02-28T12:00:00.000Z')
  assert.equal(leadsTo({ frequency: 'daily', hours: 9 }), '2030-02-01T08:00:00.000Z')
  assert.equal(leadsTo('{"unit": "seconds", "value": 30}'), '2030-01-31T12:00:30.000Z')
})

test('what is none of them is refused with what it must be', () => {
  assert.match(leadsTo(undefined), /^is missing; it must be an instant/)
  assert.match(leadsTo(''), /^is missing/)
  assert.match(leadsTo(5), /^cannot be used/)
  assert.match(leadsTo('{oops'), /^cannot be used/)
  assert.match(leadsTo('soon'), /is no instant/)
  assert.match(leadsTo('2030-02-01T09:00:00'), /no time zone/)
  assert.match(leadsTo({ unit: 'fortnights', value: 1 }), /no unit Belay knows/)
  assert.match(leadsTo({ unit: 'days', value: 0 }), /1 or more/)
  assert.match(leadsTo({ unit: 'days', value: -1 }), /1 or more/)
  assert.match(leadsTo({ unit: 'days', value: 366 }), /more than 365 days/)
  assert.match(leadsTo({ frequency: 'daily', hours: 99 }), /a rule whose hours must be/)
})

test('an offset may be negative, and then leads back', () => {
  const offset = readDuration({ unit: 'hours', value: -24 }, { signed: true })
  assert.deepEqual(offset, { unit: 'hours', value: -24 })
  assert.equal(new Date(addDuration(from, { unit: 'hours', value: -24 })).toISOString(), '2030-01-30T12:00:00.000Z')
  assert.equal(readDuration({ unit: 'days', value: -366 }, { signed: true }), 'is more than 365 days')
})

test('whatever JSON it is, it is read or refused', () => {
  fc.assert(fc.property(fc.jsonValue(), (given) => void leadsTo(given)))
})

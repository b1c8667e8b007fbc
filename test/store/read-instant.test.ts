import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readInstant } from '../../store/clock/read-instant.ts'

test('an instant is read as RFC 3339 has it, with seconds optional', () => {
  const cases: [text: string, utc: string][] = [
    ['2026-01-31T09:00:00Z', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31t09:00z', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31T09:00:00.5+02:00', '2026-01-31T07:00:00.500Z'],
    ['2026-01-31T09:00:00.123456Z', '2026-01-31T09:00:00.123456Z'],
    ['2026-01-31T09:00:00.123456789Z', '2026-01-31T09:00:00.123456Z'],
    ['2026-01-31T09:00:00+23:59', '2026-01-30T09:01:00.000Z'],
    ['2026-01-31T09:00:00-2359', '2026-02-01T08:59:00.000Z'],
    ['2024-02-29T00:00:00-00:00', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ]
  for (const [text, utc] of cases) {
    const read = readInstant(text)
    assert.equal(read?.text, utc)
    assert.equal(read.epochMs, Date.parse(utc))
  }
})

test('what is no instant is not read as one', () => {
  const texts = ['2027Z', '23:59Z', '2027', '2027-01-01', '2027-W01-1T00:00Z', '2027-001T00:00Z', '20270101T000000Z']
  const faulty = [
    '2026-02-30T09:00Z',
    '2025-02-29T09:00Z',
    '2026-13-01T09:00Z',
    '2026-01-00T09:00Z',
    '2026-01-01T24:00Z',
  ]
  const offsets = ['2026-01-01T09:00', '2026-01-01T09:00+24:00', '2026-01-01T09:00+25:00', '2026-01-01T09:00+02:60']
  const outside = ['0000-01-01T00:00Z', '0001-01-01T00:00+01:00', '9999-12-31T23:59-00:01', '+12026-01-01T00:00Z']
  const long = [`2026-01-01T00:00:00.${'1'.repeat(3_000)}Z`, ' 2026-01-01T00:00Z', '2026-01-01T00:00:60Z', '']
  for (const text of [...texts, ...faulty, ...offsets, ...outside, ...long])
    assert.equal(readInstant(text), undefined, text)
})

test('an instant written by JavaScript is read as it was', () => {
  const dates = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(dates, (date) => {
      const read = readInstant(date.toISOString())
      assert.deepEqual(read, { epochMs: date.getTime(), text: date.toISOString() })
    }),
  )
})

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { readInstant } from '../../conditions/instant.ts'

const read = (text: string) => {
  const reading = readInstant(text)
  return 'at' in reading ? new Date(reading.at).toISOString() : reading.problem
}

test('an instant is RFC 3339, its seconds may be left out', () => {
  assert.equal(read('2030-01-31T09:00:00Z'), '2030-01-31T09:00:00.000Z')
  assert.equal(read('2030-01-31T09:00Z'), '2030-01-31T09:00:00.000Z')
  assert.equal(read('2030-01-31t09:00:00z'), '2030-01-31T09:00:00.000Z')
  assert.equal(read('2030-01-31T09:00:00.123456789+02:00'), '2030-01-31T07:00:00.123Z')
  assert.equal(read('2030-01-31T09:00:00.5-23:59'), '2030-02-01T08:59:00.500Z')
  assert.equal(read('2030-01-31T09:00-0330'), '2030-01-31T12:30:00.000Z')
  assert.equal(read('2030-01-31T09:00+02'), '2030-01-31T07:00:00.000Z')
  assert.equal(read('2028-02-29T00:00:00Z'), '2028-02-29T00:00:00.000Z')
  assert.equal(read('0050-01-01T00:00:00Z'), '0050-01-01T00:00:00.000Z')
})

test('what is no instant is refused, with what to do', () => {
  for (const text of [
    '09:00',
    '2030',
    '2030-W05-4T09:00Z',
    '2030-01-31',
    '20300131T090000Z',
    '',
    'x',
    ' 2030-01-31T09:00Z',
  ])
    assert.match(read(text), /is not an instant; write it like/, text)
  assert.match(read('2030-01-31T09:00:00'), /has no time zone; end it with Z/)
  assert.match(read('2030-02-30T09:00:00Z'), /month has no such day/)
  assert.match(read('2029-02-29T09:00:00Z'), /month has no such day/)
  assert.match(read('2030-13-01T09:00:00Z'), /no such day/)
  assert.match(read('2030-01-01T24:00:00Z'), /time of day does not exist/)
  assert.match(read('2030-01-01T23:60:00Z'), /time of day/)
  assert.match(read('2030-01-01T23:59:60Z'), /time of day/)
  assert.match(read('2030-01-01T00:00:00+24:00'), /offset is more than 23:59/)
})

test('every instant that JavaScript writes is read back as itself', () => {
  const range = {
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  }
  fc.assert(fc.property(fc.date(range), (date) => assert.equal(read(date.toISOString()), date.toISOString())))
  fc.assert(fc.property(fc.string(), (text) => void readInstant(text)))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantReading } from '../../conditions/instant.ts'

const read = (text: string) => {
  const reading = instantReading(text)
  return 'at' in reading ? new Date(reading.at).toISOString() : reading.problem
}

test('an instant is read by the rules of all instants', () => {
  assert.equal(read('2030-01-31T09:00Z'), '2030-01-31T09:00:00.000Z')
  assert.equal(read('2030-01-31T09:00:00.5-23:59'), '2030-02-01T08:59:00.500Z')
})

test('what is none is refused with what to do', () => {
  for (const text of [
    '09:00',
    '2030',
    '2030-W05-4T09:00Z',
    '2030-01-31',
    '',
    '2030-02-30T09:00:00Z',
    '2030-01-01T24:00:00Z',
  ])
    assert.match(read(text), /is no instant; it must be an instant with Z or an offset, such as/, text)
  assert.match(read('2030-01-31T09:00:00'), /has no time zone; end it with Z/)
})

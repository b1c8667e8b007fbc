import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOfSource } from '../../json/source.ts'
import { cpuMs } from '../../testing/fixtures/cpu-time.ts'

const small = JSON.stringify({ recipients: ['a', 'b \\ "c"'], data: { text: 'a "b"', n: 1.5 }, tenant: null })
const zeros = (count: number) => `{"recipients":[${'0,'.repeat(count)}0]}`
const texts = (count: number) => `[${'"a\\\\\\"b",'.repeat(count)}""]`

/** Milliseconds of processor time: the least of three. */
function costOf(text: string): number {
  const cost = () => cpuMs(() => assert.deepEqual(faultsOfSource(text, Infinity), []))
  return Math.min(cost(), cost(), cost())
}

test('a large body is looked through in time that grows with its size, also once small ones have been compiled for', () => {
  for (let i = 0; i < 20_000; i += 1) assert.deepEqual(faultsOfSource(small, 100), [])
  for (const make of [zeros, texts]) {
    const few = costOf(make(50_000))
    const many = costOf(make(800_000))
    // Sixteen times as long; a search of the rest at every place would take 256 times as long.
    assert.ok(many < 80 * Math.max(few, 1), `${many} ms for sixteen times what takes ${few} ms`)
  }
})

test('a string ends at its own quote, however many backslashes stand before it', () => {
  const faults = (text: string) => faultsOfSource(text, 100).map(({ path, message }) => [path, message])
  assert.deepEqual(faults(String.raw`{"a":"\\","a":1}`), [[['a'], 'is given twice']])
  assert.deepEqual(faults(String.raw`{"a":"\"","b":"\\\",\"b\":2"}`), [])
  assert.deepEqual(faults(String.raw`{"a":"\\\\","a\\":1,"a\\":2}`), [[['a\\'], 'is given twice']])
  assert.deepEqual(faults('{"a":"unended'), [])
  assert.deepEqual(faults('{"a":"ends on \\'), [])
})

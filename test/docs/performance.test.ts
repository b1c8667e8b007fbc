import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isMet, share } from '../../bench/figure.ts'
import { performancePage } from '../../bench/report.ts'
import { percentile, repeated } from '../../bench/samples.ts'

test('the page on performance tells the figures of bench/results.json', async () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')
  assert.equal(page, await performancePage(), 'npm run bench writes both')
})

test('a goal is of the ratio where there is one, else of the value', () => {
  const figure = { name: 'a', value: 30, unit: 'ms' } as const
  assert.equal(isMet(figure), undefined)
  assert.equal(isMet({ ...figure, goal: { atMost: 30 } }), true)
  assert.equal(isMet({ ...figure, ...share(30, 'b', 20), goal: { atMost: 1.4 } }), false)
  assert.equal(isMet({ ...figure, ...share(30, 'b', 20), goal: { atLeast: 1.5 } }), true)
})

test('a percentile is a sample, and repeats keep their range', () => {
  const samples = [5, 1, 4, 2, 3]
  assert.equal(percentile(samples, 0), 1)
  assert.equal(percentile(samples, 0.99), 5)
  assert.deepEqual(repeated(samples), { value: 3, range: [1, 5] })
  assert.throws(() => percentile([], 0.5), RangeError)
})

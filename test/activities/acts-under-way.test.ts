import assert from 'node:assert/strict'
import test from 'node:test'
import { ActsUnderWay } from '../../activities/acts-under-way.ts'

/** An act that lasts until `end`, and how it ended for who began it. */
function begun(acts: ActsUnderWay, row: number): { end: () => void; ended: Promise<void> } {
  let end!: () => void
  const lasts = new Promise<void>((resolve) => (end = resolve))
  return { end, ended: acts.hold(row, () => lasts) }
}

test('a row is under way until the last act for it has ended, in whichever order they end', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const acts = new ActsUnderWay()
    const both = [begun(acts, 7), begun(acts, 7)] as const
    assert.deepEqual([acts.has(7), acts.has(8)], [true, false])
    both[order[0]].end()
    await both[order[0]].ended
    assert.equal(acts.has(7), true)
    both[order[1]].end()
    await both[order[1]].ended
    assert.equal(acts.has(7), false)
  }
})

test('an act that fails is over, and whoever began it hears of it', async () => {
  const acts = new ActsUnderWay()
  await assert.rejects(
    acts.hold(7, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(acts.has(7), false)
})

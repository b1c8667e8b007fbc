import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catchUp } from '../../activities/catch-up.ts'

test('housekeeping goes on at once while there is more, and says what all rounds came to', async () => {
  const rounds = [
    { resent: 1, repaired: 500, hasMore: true },
    { resent: 2, repaired: 500, hasMore: true },
    { resent: 0, repaired: 7, hasMore: false },
    { resent: 9, repaired: 9, hasMore: false },
  ]
  assert.deepEqual(await catchUp(() => Promise.resolve(rounds.shift()!)), { resent: 3, repaired: 1_007 })
  assert.equal(rounds.length, 1)
})

test('what never ends is left after two minutes, so that other duties have their turn', async () => {
  let clock = 0
  const round = () => {
    clock += 50_000
    return Promise.resolve({ resent: 0, repaired: 1, hasMore: true })
  }
  assert.deepEqual(await catchUp(round, () => clock), { resent: 0, repaired: 3 })
})

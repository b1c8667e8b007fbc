import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { CallLimit, type CallEnd } from '../../temporal/call-limit.ts'

/** Carries out one call after the other, also those that nobody waits for any more. */
function slowServer(serviceMs: number, deadlineMs: number) {
  let last: Promise<unknown> = Promise.resolve()
  let open = 0
  const seen = { carriedOut: 0, most: 0 }
  const call = async (): Promise<CallEnd> => {
    open += 1
    seen.most = Math.max(seen.most, open)
    const served = last.then(() => wait(serviceMs)).then(() => (seen.carriedOut += 1))
    last = served
    const end = await Promise.race([served.then(() => 'answered' as const), wait(deadlineMs, 'busy' as const)])
    open -= 1
    return end
  }
  return { call, seen }
}

test('a server that falls behind is given fewer calls at once, until most of its answers come in time', async () => {
  const { call, seen } = slowServer(10, 150)
  const calls = new CallLimit()
  // Each is made again until it is answered, as signals are; fifty at once would never be.
  const one = async (): Promise<void> => {
    const ends: CallEnd[] = []
    await calls.run(async () => {
      const end = await call()
      ends.push(end)
      return end
    })
    if (ends[0] !== 'answered') await one()
  }
  await Promise.all(Array.from({ length: 300 }, one))
  assert.equal(seen.most, 50)
  assert.ok(seen.carriedOut < 3 * 300, `${seen.carriedOut} calls for 300`)
})

test('a server that keeps up is given as many as there is room for, and those that are late together count once', async () => {
  const calls = new CallLimit()
  assert.equal(calls.concurrency, 50)
  await Promise.all(Array.from({ length: 50 }, () => calls.run(() => wait(1, 'busy' as const))))
  assert.equal(calls.concurrency, 25)
  await Promise.all(Array.from({ length: 1_500 }, () => calls.run(() => wait(1, 'answered' as const))))
  assert.equal(calls.concurrency, 50)
  for (let i = 0; i < 10; i += 1) await calls.run(() => wait(1, 'busy' as const))
  assert.equal(calls.concurrency, 4, 'never none')
})

test('answers that take a second count as late, and calls without an answer as neither', async () => {
  const calls = new CallLimit()
  assert.equal(calls.isAnswering, false)
  await calls.run(() => wait(1, 'unreached' as const))
  await calls.run(() => wait(1, 'not called' as const))
  assert.deepEqual([calls.isAnswering, calls.concurrency], [false, 50])
  await calls.run(() => wait(1_100, 'answered' as const))
  assert.deepEqual([calls.isAnswering, calls.concurrency], [true, 25])
  await wait(2_100)
  assert.equal(calls.isAnswering, false)
})

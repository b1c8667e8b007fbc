import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CallLimit, type CallEnd } from '../../temporal/call-limit.ts'

/** Time that passes at once, as soon as nothing more happens at an instant: however busy the machine is. */
function virtualTime(t: TestContext) {
  let now = 0
  const sleepers: { at: number; wake: () => void }[] = []
  t.mock.method(performance, 'now', () => now)
  return {
    wait: <Value>(ms: number, value?: Value) =>
      new Promise<Value>((resolve) => sleepers.push({ at: now + ms, wake: () => resolve(value as Value) })),
    /** Lets it pass until this is over. */
    until: async (work: Promise<unknown>): Promise<void> => {
      const state = { isOver: false }
      const end = work.finally(() => (state.isOver = true))
      for (;;) {
        await setImmediate()
        if (state.isOver) break
        sleepers.sort((a, b) => a.at - b.at)
        const next = sleepers.shift()
        assert.ok(next !== undefined, 'nothing is waited for')
        now = next.at
        next.wake()
      }
      await end
    },
  }
}
type Wait = ReturnType<typeof virtualTime>['wait']

/** Carries out one call after the other, also those that nobody waits for any more. */
function slowServer(wait: Wait, serviceMs: number, deadlineMs: number) {
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

test('a server that falls behind is given fewer calls at once, until most of its answers come in time', async (t) => {
  const { wait, until } = virtualTime(t)
  const { call, seen } = slowServer(wait, 10, 150)
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
  await until(Promise.all(Array.from({ length: 300 }, one)))
  assert.equal(seen.most, 50)
  assert.ok(seen.carriedOut < 3 * 300, `${seen.carriedOut} calls for 300`)
})

test('a server that keeps up is given as many as there is room for, and those that are late together count once', async (t) => {
  const { wait, until } = virtualTime(t)
  const calls = new CallLimit()
  const all = (count: number, end: CallEnd) =>
    until(Promise.all(Array.from({ length: count }, () => calls.run(() => wait(1, end)))))
  assert.equal(calls.concurrency, 50)
  await all(50, 'busy')
  assert.equal(calls.concurrency, 25)
  await all(1_500, 'answered')
  assert.equal(calls.concurrency, 50)
  for (let i = 0; i < 10; i += 1) await all(1, 'busy')
  assert.equal(calls.concurrency, 4, 'never none')
})

test('answers that take a second count as late, and calls without an answer as neither', async (t) => {
  const { wait, until } = virtualTime(t)
  const calls = new CallLimit()
  assert.equal(calls.isAnswering, false)
  await until(calls.run(() => wait(1, 'unreached' as const)))
  await until(calls.run(() => wait(1, 'not called' as const)))
  assert.deepEqual([calls.isAnswering, calls.concurrency], [false, 50])
  await until(calls.run(() => wait(1_100, 'answered' as const)))
  assert.deepEqual([calls.isAnswering, calls.concurrency], [true, 25])
  await until(wait(2_100))
  assert.equal(calls.isAnswering, false)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Cached } from '../../metrics/cached.ts'

test('what costs is asked once, however many want it, and again only once it has grown old', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  let asked = 0
  const answers = new Cached(
    async () => {
      asked += 1
      await wait(20)
      return asked
    },
    { everyMs: 200, deadlineMs: 10_000 },
  )
  assert.equal(answers.peek(), undefined, 'nobody waits for a peek')
  const both = await Promise.all([answers.get(), answers.get()])
  assert.deepEqual(
    both.map((each) => each?.value),
    [1, 1],
  )
  now += 199
  assert.equal((await answers.get())?.value, 1)
  now += 1
  assert.equal((await answers.get())?.value, 2)
})

test('whoever asks for what hangs waits for the deadline, and gets what was known, with its age', async () => {
  let hangs = false
  let asked = 0
  const answers = new Cached(
    () => {
      asked += 1
      return hangs ? new Promise<string>(() => undefined) : Promise.resolve('known')
    },
    { everyMs: 0, deadlineMs: 100 },
  )
  assert.equal((await answers.get())?.value, 'known')
  hangs = true
  const begun = performance.now()
  const seen = await answers.get()
  assert.ok(performance.now() - begun < 30_000)
  assert.equal(seen?.value, 'known')
  assert.ok(seen.ageMs >= 90, `${seen.ageMs}`)
  await answers.get()
  assert.equal(asked, 2, 'what hangs is not asked for a second time beside itself')
})

test('what was never answered is nothing, and no error of whoever asks', async () => {
  const answers = new Cached(() => Promise.reject(new Error('away')), { everyMs: 0, deadlineMs: 100 })
  assert.equal(await answers.get(), undefined)
})

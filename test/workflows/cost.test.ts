import { Worker } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { test } from 'node:test'
import { testBundle } from '../../testing/servers/bundle.ts'
import { HOUR, timeline, type LiveRun } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: HOUR }, 'email_1'] as const
const FEED = [{ delay: HOUR }, 'in_app_1'] as const

function users(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `user_${i}`)
}

async function eventsEach(run: LiveRun, count: number): Promise<number> {
  const { length } = await run.events()
  return length / count
}

for (const { plan, most } of [
  { plan: FEED, most: 0.02 },
  { plan: REMINDER, most: 0.03 },
]) {
  timeline(`10,000 recipients of one instant cost at most ${most} events each: ${plan[1]}`, plan, async (run) => {
    await run.trigger(...users(10_000))
    const counts = await run.closes(HOUR)
    assert.equal(counts?.sent, 10_000)
    const each = await eventsEach(run, 10_000)
    assert.ok(each <= most, `${each} events a recipient`)
  })
}

timeline('50 recipients with named timers and one instant cost at most 4 events each', REMINDER, async (run) => {
  await run.trigger(...users(50))
  await run.closes(HOUR)
  const each = await eventsEach(run, 50)
  assert.ok(each <= 4, `${each} events a recipient`)
})

for (const apartMs of [1_500, 10_000]) {
  const title = `50 recipients with 50 instants ${apartMs} ms apart cost at most 12 events each`
  timeline(title, FEED, async (run) => {
    const message = await run.accept(...users(50))
    users(50).forEach((user, i) => run.store.move([user], run.instant(HOUR + i * apartMs)))
    await run.send({ ...message, sleepers: run.store.sleepers() })
    await run.closes(HOUR + 49 * apartMs)
    const each = await eventsEach(run, 50)
    assert.ok(each <= 12, `${each} events a recipient`)
  })
}

const promises = new Map<number, number>()
for (const count of [500, 5_000]) {
  timeline(`the promises of a run of ${count} recipients are counted`, REMINDER, async (run) => {
    await run.trigger(...users(count))
    const counts = await run.closes(HOUR)
    assert.equal(counts?.sent, count)
    promises.set(count, await promisesOf(run))
  })
}

// The SDK captures a stack for every promise made in a workflow, so that a recipient must cost records instead.
test('a recipient costs less than 0.05 promises of the workflow', () => {
  const few = promises.get(500) ?? 0
  const many = promises.get(5_000) ?? 0
  assert.ok(few > 10 && many > few, `not counted: ${few}, then ${many}`)
  const each = (many - few) / 4_500
  assert.ok(each < 0.05, `${each} promises a recipient: ${few} for 500, ${many} for 5,000`)
})

/**
 * Promises the workflow makes while its history is replayed, in this thread as replays are. It has a V8 context of its
 * own, and so a `Promise` of its own: those of the worker around it are not counted.
 */
async function promisesOf(run: LiveRun): Promise<number> {
  const history = await run.handle.fetchHistory()
  const bundle = await testBundle()
  let made = 0
  const init = (_id: number, type: string, _trigger: number, resource: object) => {
    if (type === 'PROMISE' && !(resource instanceof Promise)) made += 1
  }
  const hook = createHook({ init }).enable()
  try {
    await Worker.runReplayHistory({ workflowBundle: bundle }, history, run.address.workflowId)
  } finally {
    hook.disable()
  }
  return made
}

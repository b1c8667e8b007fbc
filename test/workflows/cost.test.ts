import { Worker } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { testBundle } from '../support/bundle.ts'
import { HOUR, timeline, type LiveRun } from '../support/timeline.ts'

const REMINDER = [{ delay: HOUR }, 'email_1'] as const

function users(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `user_${i}`)
}

/** Start, first task, last attributes and close: what a run has once, whoever is in it. */
const OF_THE_RUN = 8

async function eventsEach(run: LiveRun, count: number): Promise<number> {
  const { length } = await run.events()
  return (length - OF_THE_RUN) / count
}

timeline('10,000 recipients of one instant cost at most 0.02 events each', REMINDER, async (run) => {
  await run.trigger(...users(10_000))
  const counts = await run.closes(HOUR)
  assert.equal(counts?.sent, 10_000)
  const each = await eventsEach(run, 10_000)
  assert.ok(each <= 0.02, `${each} events a recipient`)
})

timeline('50 recipients with named timers and one instant cost at most 4 events each', REMINDER, async (run) => {
  await run.trigger(...users(50))
  await run.closes(HOUR)
  const each = await eventsEach(run, 50)
  assert.ok(each <= 4, `${each} events a recipient`)
})

timeline('50 recipients with named timers and 50 instants cost at most 12 events each', REMINDER, async (run) => {
  const message = await run.accept(...users(50))
  users(50).forEach((user, i) => run.store.move([user], run.instant(HOUR + i * 10_000)))
  await run.send({ ...message, sleepers: run.store.sleepers() })
  await run.closes(HOUR + 49 * 10_000)
  const each = await eventsEach(run, 50)
  assert.ok(each <= 12, `${each} events a recipient`)
})

// The SDK captures a stack for every promise made in a workflow, so that a recipient must cost records instead.
const promises = new Map<number, number>()
for (const count of [1_000, 5_000]) {
  timeline(`a run of ${count} recipients makes promises by the task, not by the recipient`, REMINDER, async (run) => {
    await run.trigger(...users(count))
    await run.closes(HOUR)
    const made = await promisesOf(run)
    promises.set(count, made)
    assert.ok(made > 10, 'promises are counted')
    assert.ok(made < count, `${made} promises for ${count} recipients`)
    const fewer = promises.get(1_000)!
    // A chunk of 500 makes about 65, its activity and its tasks.
    if (count > 1_000) assert.ok(made - fewer < 0.2 * (count - 1_000), `${fewer}, then ${made} promises`)
  })
}

/** Promises made while the run's history is replayed, in this thread as replays are; the worker's own are a few a task. */
async function promisesOf(run: LiveRun): Promise<number> {
  const history = await run.handle.fetchHistory()
  const bundle = await testBundle()
  let made = 0
  const hook = createHook({ init: (_id, type) => void (made += Number(type === 'PROMISE')) }).enable()
  try {
    await Worker.runReplayHistory({ workflowBundle: bundle }, history, run.address.workflowId)
  } finally {
    hook.disable()
  }
  return made
}

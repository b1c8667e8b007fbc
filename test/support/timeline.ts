import type { TestWorkflowEnvironment } from '@temporalio/testing'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { addSearchAttributes } from '../../worker/register.ts'
import { LiveRun, SECOND } from './live-run.ts'
import { RecordingStore, type Plan } from './recording.ts'
import { timeSkipping } from './temporal.ts'

export { DAY, HOUR, MINUTE, SECOND, type LiveRun } from './live-run.ts'

const DEADLINE_MS = 60 * SECOND

/**
 * A test of one run on a server of its own, whose clock jumps unless told otherwise. Ends with the model's check that
 * nothing was handed out early or twice.
 */
export function timeline(
  name: string,
  plan: Plan,
  story: (run: LiveRun) => Promise<void>,
  options: { maxCachedWorkflows?: number; workerLater?: true; server?: () => Promise<TestWorkflowEnvironment> } = {},
): void {
  test(name, async () => {
    const env = await (options.server ?? jumpingServer)()
    const run = new LiveRun(env, new RecordingStore(plan), options)
    try {
      if (options.workerLater === undefined) await run.startWorker()
      await withinDeadline(story(run))
      assert.deepEqual(run.store.faults, [])
    } finally {
      await run.stopWorker()
      await env.teardown()
    }
  })
}

async function jumpingServer(): Promise<TestWorkflowEnvironment> {
  const env = await timeSkipping()
  await addSearchAttributes(env.connection, 'default')
  return env
}

/** A clock that has jammed must not keep the server, or the tests after this one. */
async function withinDeadline(story: Promise<void>): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  const over = once(deadline, 'abort').then(() => {
    throw new Error(`not over after ${DEADLINE_MS / SECOND} s: the clock or a task has jammed`)
  })
  await Promise.race([story, over])
}

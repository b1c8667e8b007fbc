import { WorkflowNotFoundError } from '@temporalio/client'
import pLimit from 'p-limit'
import { moveSignal } from '../../workflows/messages.ts'
import { sendReload, type SendTarget } from '../send.ts'
import type { RunDifference } from './compare-runs.ts'

/** Calls under way to Temporal. */
const CALLS = 20

/**
 * Makes runs read the store: one that is missing is started, one that nobody sleeps in any more ends. Runs of another store
 * are left alone, or terminated where the namespace is taken over. Answers how many were told.
 */
export async function mendRuns(
  target: SendTarget,
  differences: readonly RunDifference[],
  takeOver: boolean,
): Promise<number> {
  const limit = pLimit(CALLS)
  const mendable = differences.filter(({ kind }) => takeOver || kind !== 'foreign')
  await Promise.all(mendable.map((each) => limit(() => mend(target, each))))
  return mendable.length
}

async function mend(target: SendTarget, { workflowId, run, kind }: RunDifference): Promise<void> {
  const handle = target.client.workflow.getHandle(workflowId)
  if (kind === 'foreign') {
    await unlessClosed(handle.terminate('the namespace was taken over by another store'))
    if (run === undefined || run.pending === 0) return
  }
  if (run !== undefined && kind !== 'left over') {
    await sendReload(target, run)
    return
  }
  // It reads that nobody sleeps in it, and ends.
  await unlessClosed(handle.signal(moveSignal, { store: target.store, sleepers: [], reload: true }))
}

async function unlessClosed(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error
  })
}

import { WorkflowNotFoundError } from '@temporalio/client'
import pLimit from 'p-limit'
import { moveSignal } from '../../workflows/signals.ts'
import { sendReload, type SendTarget } from '../send.ts'
import type { RunDifference } from './compare-runs.ts'

/** Calls under way to Temporal. */
const CALLS = 20

export interface MendOptions {
  /** Runs of another store are terminated; otherwise they are left alone. */
  takeOver: boolean
  /**
   * They were told and still differ: each is terminated and started again. One may hold that somebody was canceled of whom a
   * store that was restored within the minute says otherwise.
   */
  anew: boolean
}

/**
 * Makes runs read the store: one that is missing is started, one that nobody sleeps in any more ends. Answers how many were
 * told.
 */
export async function mendRuns(
  target: SendTarget,
  differences: readonly RunDifference[],
  options: MendOptions,
): Promise<number> {
  const limit = pLimit(CALLS)
  const mendable = differences.filter(({ kind }) => options.takeOver || kind !== 'foreign')
  await Promise.all(mendable.map((each) => limit(() => mend(target, each, options.anew))))
  return mendable.length
}

async function mend(target: SendTarget, { workflowId, run, kind }: RunDifference, anew: boolean): Promise<void> {
  const handle = target.client.workflow.getHandle(workflowId)
  if (kind === 'foreign') {
    await unlessClosed(handle.terminate('the namespace was taken over by another store'))
    if (run === undefined || run.pending === 0) return
  }
  if (run !== undefined && kind !== 'left over') {
    if (anew) await unlessClosed(handle.terminate('it did not follow the store: it is started again'))
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

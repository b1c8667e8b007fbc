import pLimit from 'p-limit'
import { setTimeout as wait } from 'node:timers/promises'
import type { BenchTemporal } from './temporal.ts'

/** How many callers there are. */
export const AT_ONCE = 32

/** Since the first call, milliseconds. */
export interface Burst {
  acceptedMs: number
  /** When a worker had carried out the first task of the runs started last; a queue hands out in order. */
  begunMs: number
}

/** As many calls as there are workflow IDs, each of which starts that run. Ends only when workers have begun them. */
export async function burst(
  { client }: Pick<BenchTemporal, 'client'>,
  workflowIds: readonly string[],
  call: (i: number) => Promise<unknown>,
): Promise<Burst> {
  const limit = pLimit(AT_ONCE)
  const started = performance.now()
  await Promise.all(workflowIds.map((_, i) => limit(() => call(i))))
  const acceptedMs = performance.now() - started
  for (const workflowId of workflowIds.slice(-AT_ONCE)) {
    const handle = client.workflow.getHandle(workflowId)
    for (const deadline = Date.now() + 120_000; (await handle.describe()).historyLength < 5; await wait(50)) {
      if (Date.now() > deadline) throw new Error(`${workflowId} has not begun after 2 minutes`)
    }
  }
  return { acceptedMs, begunMs: performance.now() - started }
}

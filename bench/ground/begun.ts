import { setTimeout as wait } from 'node:timers/promises'
import type { BenchTemporal } from './temporal.ts'

/** Until a worker has carried out the first task of these runs: those started last, since a queue hands out in order. */
export async function begun({ client }: Pick<BenchTemporal, 'client'>, workflowIds: readonly string[]): Promise<void> {
  for (const workflowId of workflowIds) {
    const handle = client.workflow.getHandle(workflowId)
    for (const deadline = Date.now() + 120_000; (await handle.describe()).historyLength < 5; await wait(50)) {
      if (Date.now() > deadline) throw new Error(`${workflowId} has not begun after 2 minutes`)
    }
  }
}

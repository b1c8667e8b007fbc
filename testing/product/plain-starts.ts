import { randomUUID } from 'node:crypto'
import type { WorkflowClient } from '@temporalio/client'
import { inLanes } from '../fixtures/lanes.ts'

const STARTS = 1_000
const AT_ONCE = 25

/** How many workflows a second one plain client starts at this server, measured with a thousand that nobody polls for. */
export async function plainStarts(client: WorkflowClient): Promise<number> {
  const begun = performance.now()
  const ids = Array.from({ length: STARTS }, () => `plain-${randomUUID()}`)
  await inLanes(AT_ONCE, ids, (workflowId) =>
    client.start('plain', { workflowId, taskQueue: 'nobody', args: ['x'.repeat(400)] }),
  )
  return (STARTS * 1_000) / (performance.now() - begun)
}

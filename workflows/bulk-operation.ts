import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow'
import type { BulkActivities } from './other-activities.ts'

const { carryOnBulk } = proxyActivities<BulkActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/** Carries out one bulk operation, whose items and progress lie in the store; started again, it goes on from there. */
export async function bulkOperation(id: string): Promise<void> {
  while (!(await carryOnBulk(id))) {
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof bulkOperation>(id)
  }
}

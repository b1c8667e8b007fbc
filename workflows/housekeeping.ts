import { continueAsNew, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow'
import type { HousekeepingActivities } from './messages.ts'

const INTERVAL = '30s'

const { housekeep } = proxyActivities<HousekeepingActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/**
 * One for each deployment, for ever: sends signals nobody confirmed, takes up what is overdue, forgets what is old. It
 * continues as new, so that the list of workflows shows one and not a new one every half minute.
 */
export async function housekeeping(): Promise<never> {
  for (;;) {
    await housekeep()
    if (workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > 2_000) {
      await continueAsNew<typeof housekeeping>()
    }
    await sleep(INTERVAL)
  }
}

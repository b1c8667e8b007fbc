import { proxyActivities } from '@temporalio/workflow'
import type { HousekeepingActivities } from './messages.ts'

const { housekeep } = proxyActivities<HousekeepingActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '30s',
  retry: { maximumAttempts: 3 },
})

/** Started by the schedule `belay-housekeeping`: sends signals nobody confirmed, ends rows of terminated runs. */
export async function housekeeping(): Promise<{ resent: number; ended: number }> {
  return housekeep()
}

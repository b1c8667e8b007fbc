import { proxyActivities, workflowInfo } from '@temporalio/workflow'
import type { ScheduleActivities } from './other-activities.ts'

const { carryOutSchedule } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: '1m',
  // Housekeeping carries out what is overdue.
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/** Started by Temporal at an instant at which a schedule may occur; whether it does, the store says. */
export async function scheduleOccurrence(id: string): Promise<void> {
  await carryOutSchedule(id, workflowInfo().startTime.getTime())
}

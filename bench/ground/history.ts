import type { Client } from '@temporalio/client'

/** temporal.api.enums.v1.EventType */
const TASK_TIMED_OUT = 8
/** temporal.api.enums.v1.TimeoutType */
const START_TO_CLOSE = 1

/** Events of an execution (the last one under the ID), and its timed-out workflow tasks by kind. */
export async function historyOf(
  client: Client,
  workflowId: string,
): Promise<{ events: number; startToClose: number; scheduleToStart: number }> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const counts = { events: events?.length ?? 0, startToClose: 0, scheduleToStart: 0 }
  for (const { eventType, workflowTaskTimedOutEventAttributes: timedOut } of events ?? []) {
    if ((eventType as number) !== TASK_TIMED_OUT) continue
    if ((timedOut?.timeoutType as number) === START_TO_CLOSE) counts.startToClose += 1
    else counts.scheduleToStart += 1
  }
  return counts
}

import type { NativeConnection } from '@temporalio/worker'
import { setTimeout as delay } from 'node:timers/promises'
import { DEADLINE_MS } from '../temporal/send.ts'

/** temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW */
const WORKFLOW_TASKS: number = 1

/** Whether Temporal answers within 2 s and knows a poller of this identity; it forgets one after some minutes. */
export async function isSeenPolling(
  connection: NativeConnection,
  namespace: string,
  taskQueue: string,
  identity: string,
): Promise<boolean> {
  // The native connection tries a refused call again past its deadline.
  const late = delay(DEADLINE_MS, { pollers: [] }, { ref: false })
  try {
    const asked = connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum's package is CommonJS
        taskQueueType: WORKFLOW_TASKS,
      }),
    )
    const { pollers } = await Promise.race([asked, late])
    return pollers.some((poller) => poller.identity === identity)
  } catch {
    return false
  }
}

import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import proto from '@temporalio/proto'
import { DEADLINE_MS } from './send.ts'

const { PendingActivityState, PendingWorkflowTaskState } = proto.temporal.api.enums.v1

/**
 * An open run whose next task, workflow or activity, no worker has taken yet: it is late because workers are behind, and a
 * signal would only add to what they have to do. False for a run that is closed, or that Temporal does not know. Rejects where
 * Temporal does not answer in time.
 */
export async function waitsForWorker(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status, raw } = await client.connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    )
    if (status.name !== 'RUNNING') return false
    const task = raw.pendingWorkflowTask
    if (task?.state === PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED && isFirst(task.attempt))
      return true
    return (raw.pendingActivities ?? []).some(
      ({ state, attempt }) => state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED && isFirst(attempt),
    )
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

/** A task that failed and is tried again says nothing of workers that are behind. */
function isFirst(attempt: number | null | undefined): boolean {
  return (attempt ?? 1) <= 1
}

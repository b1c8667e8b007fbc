import type { RecipientRunRow } from '../store/recipient-runs/recipient-run-list.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { recipientRunUuid } from '../store/ids/row-id.ts'

/** A recipient run as the API answers it and webhooks tell it: schema `WorkflowRecipientRun` of resources/recipient-run.ts. */
export function recipientRunOf(row: RecipientRunRow) {
  const over = row.status === 'completed' || row.status === 'cancelled'
  return {
    __typename: 'WorkflowRecipientRun' as const,
    id: recipientRunUuid(row.workflow_run_id, row.id),
    workflow_run_id: row.workflow_run_id,
    workflow: row.workflow,
    recipient: recipientReference(row.recipient),
    via: row.via === null ? null : recipientReference(row.via),
    actor: row.actor === null ? null : recipientReference(row.actor),
    tenant: row.tenant,
    status: row.status,
    error_count: row.error_count,
    reason: row.reason,
    canceled_by: row.canceled_by,
    step: over ? null : row.step_ref,
    scheduled_at: row.status === 'paused' ? row.due : null,
    trigger_source: {
      type: row.schedule_id === null ? ('api' as const) : ('schedule' as const),
      cancellation_key: row.cancelation_key,
      cancelation_key: row.cancelation_key,
      schedule_id: row.schedule_id,
      audience_key: null,
    },
    inserted_at: row.accepted_at,
    updated_at: row.updated_at,
  }
}

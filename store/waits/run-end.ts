import { sql, type SQL } from 'drizzle-orm'
import { recipientRunUuid } from '../ids/row-id.ts'
import type { Occurrence } from './record-occurrences.ts'

/** A recipient run that is over, as its row, trigger and run tell of it. */
export interface RunEnd {
  id: number
  recipient: string
  workflow: string
  workflowRunId: string
  tenant: string | null
  status: string
  failed: boolean
}

/** The columns of a `RunEnd`, of a recipient run `r`, its trigger `t` and its run `u`. */
export const runEnd: SQL = sql`r.id, r.recipient, r.status, r.error_count > 0 as failed, u.definition_key as workflow,
  t.workflow_run_id as "workflowRunId", t.tenant`

/** What is told of it to who waits for it: `completed`, `error` or `cancelled`. */
export function toldOfEnd(end: RunEnd): Omit<Occurrence, 'id'> {
  const name = end.status === 'canceled' ? 'cancelled' : end.failed ? 'error' : 'completed'
  const data = {
    workflow_key: end.workflow,
    workflow_run_id: end.workflowRunId,
    workflow_recipient_run_id: recipientRunUuid(end.workflowRunId, end.id),
    tenant: end.tenant,
    status: name,
  }
  return { kind: 'workflow', name, recipients: [end.recipient], source: end.workflow, data, ofRow: null }
}

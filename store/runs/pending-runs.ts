import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { isPendingRow } from '../recipient-runs/pending.ts'
import { triggerOf } from '../ids/row-id.ts'

export interface PendingRun {
  runId: number
  workflowId: string
  definition: string
  cancelationKey: string | null
  /** The triggers of the run in which they are pending. */
  workflowRunIds: string[]
}

/** The runs in which a recipient, or who was merged into them, is pending, oldest first, at most `limit`, of ids above `after`. */
export async function pendingRunsOf(
  db: Database,
  recipient: string,
  filter: { workflow: string | null; tenant: string | null; after: number | null },
  limit: number,
): Promise<PendingRun[]> {
  const workflow = filter.workflow === null ? sql`true` : sql`u.definition_key = ${filter.workflow}`
  const tenant = filter.tenant === null ? sql`true` : sql`t.tenant = ${filter.tenant}`
  const after = filter.after === null ? sql`true` : sql`u.id > ${filter.after}`
  return query<PendingRun>(
    db,
    sql`select u.id as "runId", u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey",
          json_agg(t.workflow_run_id order by t.id) as "workflowRunIds"
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join runs u on u.id = t.run_id
        where (r.recipient = ${recipient} or r.recipient = any(array(
            select from_id from merged_users where into_id = ${recipient}))) and ${isPendingRow}
          and ${workflow} and ${tenant} and ${after}
        group by u.id order by u.id limit ${limit}`,
  )
}

/** The run a trigger belongs to. */
export async function runOfTrigger(
  db: Database,
  workflowRunId: string,
): Promise<Omit<PendingRun, 'runId' | 'workflowRunIds'> | undefined> {
  const [run] = await query<Omit<PendingRun, 'runId' | 'workflowRunIds'>>(
    db,
    sql`select u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey"
        from triggers t join runs u on u.id = t.run_id where t.workflow_run_id = ${workflowRunId}::uuid`,
  )
  return run
}

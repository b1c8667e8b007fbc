import { sql } from 'drizzle-orm'
import { triggerOf } from '../ids/row-id.ts'
import { json, query, type Database } from '../postgres/database.ts'

/** A recipient run that asks to be the first of its recipient. */
export interface Beginner {
  id: number
  recipient: string
}

/**
 * Lets those begin who are the first of their recipient in a workflow, for a tenant where tenants count by themselves
 * (else ''): of several at once exactly one is. Answers the others, by id, each with the `workflow_run_id` of the trigger
 * that came before. A run counts for good, however it ended, unless a cancel took it back before a message of it was made
 * or handed to a provider. Rows are locked in the order of their recipients, and held until the transaction ends.
 */
export async function takeFirst(
  tx: Database,
  definition: string,
  tenant: string,
  beginners: readonly Beginner[],
): Promise<Map<number, string>> {
  const rows = beginners.map(({ id: i, recipient: r }) => ({ i, r }))
  const taken = await query<{ id: number }>(
    tx,
    sql`insert into first_runs as known (definition_key, recipient, tenant, recipient_run_id)
        select ${definition}, x.r, ${tenant}, x.i from jsonb_to_recordset(${json(rows)}) as x(i bigint, r text)
        order by x.r collate "C"
        on conflict (definition_key, recipient, tenant) do update set recipient_run_id = excluded.recipient_run_id
        where exists (
          select from recipient_runs r where r.id = known.recipient_run_id and r.cancel_id is not null
            and r.status in ('waiting', 'canceled')
            and not exists (select from messages m where m.recipient_run_id = r.id and m.status <> 'not_sent')
            and not exists (select from batches b join messages m on m.recipient_run_id = b.carrier and m.batch_id = b.id
              where b.id = r.batch_id and m.status <> 'not_sent'))
        returning recipient_run_id as id`,
  )
  const first = new Set(taken.map(({ id }) => id))
  const late = beginners.filter(({ id }) => !first.has(id))
  if (late.length === 0) return new Map()
  const earlier = await query<{ id: number; workflowRunId: string }>(
    tx,
    sql`select x.i as id, t.workflow_run_id as "workflowRunId"
        from jsonb_to_recordset(${json(late.map(({ id: i, recipient: r }) => ({ i, r })))}) as x(i bigint, r text)
        join first_runs f on f.definition_key = ${definition} and f.recipient = x.r and f.tenant = ${tenant}
        join triggers t on t.id = ${triggerOf('f.recipient_run_id')}`,
  )
  return new Map(earlier.map(({ id, workflowRunId }) => [id, workflowRunId]))
}

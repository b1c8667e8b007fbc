import { eq, sql } from 'drizzle-orm'
import { at, ids, query, transaction, type Database } from '../postgres/database.ts'
import { silent, tell, type OutboxEvent } from '../../events/outbox.ts'
import { isRowOf, rowIdsOf } from '../ids/row-id.ts'
import { runs } from '../schema/index.ts'

export type Run = typeof runs.$inferSelect

export async function findRun(db: Database, workflowId: string): Promise<Run | undefined> {
  const found = await db.select().from(runs).where(eq(runs.workflowId, workflowId))
  return found[0]
}

/** The executions that took the signals of a run's triggers with somebody still pending; '' where none was confirmed. */
export async function pendingExecutions(
  db: Database,
  runId: number,
): Promise<{ temporalRunId: string; triggerIds: number[] }[]> {
  return query(
    db,
    sql`select t.temporal_run_id as "temporalRunId", array_agg(t.id::float8) as "triggerIds" from triggers t
        cross join lateral (
          select 1 from recipient_runs r
          where ${isRowOf('r.id', 't.id')} and r.status in ('waiting', 'claimed') limit 1
        ) pending
        where t.run_id = ${runId} and t.temporal_run_id is not null
        group by 1`,
  )
}

/**
 * Ends what is pending of triggers whose execution is gone; what a cancel had taken is canceled. A send that was under
 * way may have gone out and counts as tried, a try still to come will not. Rows are locked in order, like everywhere.
 * Answers how many.
 */
export async function endRows(
  db: Database,
  triggerIds: readonly number[],
  reason: string,
  now: number,
  outbox = silent,
): Promise<number> {
  return transaction(db, async (tx) => {
    const touched = await end(tx, triggerIds, reason, now)
    await tell(tx, outbox, now, () => touched.map((row) => eventOf(row, reason)))
    return touched.filter(({ step }) => step === null).length
  })
}

/** A recipient run, or, with a step, its message that was under way. */
interface Touched {
  id: number
  status: 'ended' | 'canceled' | null
  step: number | null
}

async function end(tx: Database, triggerIds: readonly number[], reason: string, now: number): Promise<Touched[]> {
  return query<Touched>(
    tx,
    sql`with pending as materialized (
          select r.id, r.status from recipient_runs r
          where r.id = any(${rowIdsOf(sql`t.id = any(${ids(triggerIds)})`)}) and r.status in ('waiting', 'claimed')
          order by r.id for update
        ),
        tried as (
          update messages set status = 'delivery_attempted', reason = ${reason}, updated_at = ${at(now)}, settled_at = ${at(now)}
          where recipient_run_id = any(array(select id from pending where status = 'claimed')) and status = 'queued'
          returning recipient_run_id, step
        ),
        untried as (
          update messages set status = 'not_sent', reason = ${reason}, updated_at = ${at(now)}, settled_at = ${at(now)}
          where recipient_run_id = any(array(select id from pending where status = 'waiting')) and status = 'queued'
        ),
        ended as (
          update recipient_runs
          set status = case when cancel_id is null then 'ended' else 'canceled' end::recipient_run_status,
            sent = sent + (status = 'claimed')::int, error_count = error_count + 1, reason = ${reason},
            revision = revision + 1, claim = null, claim_attempt = 0, updated_at = ${at(now)}
          where id = any(array(select id from pending)) returning id, status
        )
        select recipient_run_id as id, null as status, step from tried
        union all select id, status::text, null from ended`,
  )
}

function eventOf({ id, status, step }: Touched, reason: string): OutboxEvent {
  if (step !== null)
    return {
      type: 'message.delivery_attempted',
      recipientRunId: id,
      step,
      data: { attempt: null, retryable: false, failure_reason: reason },
    }
  const type = status === 'canceled' ? 'workflow_recipient_run.cancelled' : 'workflow_recipient_run.error'
  return { type, recipientRunId: id }
}

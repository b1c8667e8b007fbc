import { sql } from 'drizzle-orm'
import { isRowOf } from '../ids/row-id.ts'
import { isPendingRow } from '../recipient-runs/pending.ts'
import { at, query, transaction, type Database } from '../postgres/database.ts'

/** So long past its instant nobody is merely late any more. */
const OVERDUE_MS = 2 * 60_000
/** A run is told to read the store at most so often. */
const TOLD_AGAIN_MS = 10 * 60_000
/** What waits in a batch is looked at again after this: it has no due of its own. */
const LOOKED_AT_MS = 60 * 60_000
/** Triggers of one run whose bound is looked at in one transaction. */
const TRIGGERS = 1_000

export interface OverdueRun {
  id: number
  workflowId: string
  definition: string
  cancelationKey: string | null
}

/**
 * Runs that may hold something overdue: a trigger's `next_due`, a lower bound, lies behind. Earliest first, at most `limit`;
 * not those told lately, or of which a signal is under way, so that they keep nobody else from being looked at.
 */
export async function suspectedRuns(db: Database, now: number, limit: number): Promise<OverdueRun[]> {
  return query<OverdueRun>(
    db,
    sql`select u.id, u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey"
        from runs u join (
          select run_id, min(next_due) as due from triggers where next_due < ${at(now - OVERDUE_MS)} group by run_id
        ) t on t.run_id = u.id
        where (u.reloaded_at is null or u.reloaded_at <= ${at(now - TOLD_AGAIN_MS)})
          and not exists (select 1 from pending_signals s where s.run_id = u.id)
        order by t.due limit ${limit}`,
  )
}

/** It was to be told, and was not. */
export async function forgetReload(db: Database, runId: number): Promise<void> {
  await db.execute(sql`update runs set reloaded_at = null where id = ${runId}`)
}

/**
 * Takes the bounds away of up to `limit` triggers that look overdue and have nothing pending: canceled ones, most of all. What
 * is through stays so, so that nobody who writes a bound is in the way; runs that somebody else holds are left alone.
 * Answers how many there were.
 */
export async function clearSettled(db: Database, now: number, limit: number): Promise<number> {
  const cleared = await query(
    db,
    sql`update triggers set next_due = null where id = any(array(
          select t.id from triggers t join runs u on u.id = t.run_id
          where t.next_due < ${at(now - OVERDUE_MS)}
            and not exists (select from recipient_runs r
              where ${isRowOf('r.id', 't.id')} and (r.status in ('waiting', 'claimed') or r.batch_id is not null))
            and not exists (select from messages m where ${isRowOf('m.recipient_run_id', 't.id')} and m.status = 'queued')
          order by t.next_due limit ${limit} for update of u skip locked))
        returning 1`,
  )
  return cleared.length
}

/** `raised`: nothing is overdue after all. `left`: to be looked at in another round. */
export type Repair = 'overdue' | 'raised' | 'left'

/**
 * Raises the bounds of a run's triggers to what is true, and takes them away where nothing is pending. `overdue` if something
 * is after that, and the run is to be told: it was not told lately, and no signal of it is under way. The run's
 * row is locked, since a move that lowers a bound must not be overwritten; a run that somebody else holds is left alone.
 */
export async function repairRun(db: Database, runId: number, now: number): Promise<Repair> {
  return transaction(db, async (tx) => {
    const [run] = await query<{ told: number | null }>(
      tx,
      sql`select (extract(epoch from reloaded_at) * 1000)::float8 as told from runs where id = ${runId}
          for update skip locked`,
    )
    if (run === undefined) return 'left'
    const raised = await query<{ overdue: boolean }>(
      tx,
      sql`update triggers t set next_due = x.due from (
            select t.id, least(
              (select min(case when r.status = 'claimed' then r.lease_until else r.due end) from recipient_runs r
                where ${isRowOf('r.id', 't.id')} and r.status in ('waiting', 'claimed')),
              (select min(coalesce(m.lease_until, m.due)) from messages m
                where ${isRowOf('m.recipient_run_id', 't.id')} and m.status = 'queued'),
              case when exists (select from recipient_runs r
                where ${isRowOf('r.id', 't.id')} and r.batch_id is not null and ${isPendingRow})
                then ${at(now + LOOKED_AT_MS)} end) as due
            from triggers t where t.run_id = ${runId} and t.next_due < ${at(now - OVERDUE_MS)}
            order by t.next_due limit ${TRIGGERS}
          ) x where t.id = x.id returning t.next_due < ${at(now - OVERDUE_MS)} as overdue`,
    )
    if (!raised.some(({ overdue }) => overdue)) return raised.length > 0 ? 'raised' : 'left'
    if (run.told !== null && run.told > now - TOLD_AGAIN_MS) return 'left'
    const pending = await query(tx, sql`select 1 from pending_signals where run_id = ${runId} limit 1`)
    if (pending.length > 0) return 'left'
    await tx.execute(sql`update runs set reloaded_at = ${at(now)} where id = ${runId}`)
    return 'overdue'
  })
}

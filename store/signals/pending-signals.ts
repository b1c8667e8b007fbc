import { sql } from 'drizzle-orm'
import type { RemovedMessage, Range, Sleepers, TriggerMessage } from '../../workflows/messages.ts'
import { idsOf } from '../../workflows/messages.ts'
import { ids, json, query, type Database } from '../postgres/database.ts'
import { isPending, loadRowsNow, sleepersOf } from '../recipient-runs/sleepers.ts'

interface Addressed {
  id: number
  workflowId: string
  definition: string
  cancelationKey: string | null
}

/**
 * A signal Temporal has not confirmed, with what it tells as of now. A trigger `opens` if it was accepted a moment ago
 * with nobody pending: its run is most likely not there yet.
 */
export type PendingSignal = Addressed &
  (
    | { kind: 'trigger'; triggerId: number; message: TriggerMessage; opens: boolean }
    | { kind: 'cancel'; message: RemovedMessage }
    | { kind: 'move'; groups: Sleepers[] }
  )

interface Row extends Addressed {
  kind: PendingSignal['kind']
  triggerId: number | null
  workflowRunId: string | null
  rows: Range[] | null
}

/** Unconfirmed signals in their order: older than `olderThanMs` and after the id `after`, or `only` these, or of one trigger. */
export async function loadPendingSignals(
  db: Database,
  which: { after: number; olderThanMs: number; limit: number } | { only: number[] } | { workflowRunId: string },
): Promise<PendingSignal[]> {
  const filter =
    'only' in which
      ? sql`s.id = any(${ids(which.only)}) order by s.id`
      : 'workflowRunId' in which
        ? sql`t.workflow_run_id = ${which.workflowRunId}::uuid`
        : sql`s.id > ${which.after} and s.created_at < now() - ${which.olderThanMs / 1000} * interval '1 second'
            order by s.id limit ${which.limit}`
  const rows = await query<Row>(
    db,
    sql`select s.id, s.kind, s.trigger_id as "triggerId", s.rows, t.workflow_run_id as "workflowRunId",
          u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey"
        from pending_signals s join runs u on u.id = s.run_id left join triggers t on t.id = s.trigger_id
        where ${filter}`,
  )
  return Promise.all(rows.map((row) => withMessage(db, row)))
}

async function withMessage(db: Database, row: Row): Promise<PendingSignal> {
  const { id, workflowId, definition, cancelationKey } = row
  const address = { id, workflowId, definition, cancelationKey }
  if (row.kind === 'cancel') return { ...address, kind: 'cancel', message: { rows: row.rows ?? [] } }
  if (row.kind === 'move') {
    const moved = await loadRowsNow(db, idsOf(row.rows ?? []))
    return { ...address, kind: 'move', groups: sleepersOf(moved.filter(isPending)) }
  }
  const triggerId = row.triggerId!
  // Only who is still to be served: the rest of the trigger needs no sleep any more.
  const rows = await loadRowsNow(db, { triggerId })
  const message = { workflowRunId: row.workflowRunId!, sleepers: sleepersOf(rows.filter(isPending)) }
  return { ...address, kind: 'trigger', triggerId, message, opens: false }
}

export interface Confirmation {
  signalId: number
  /** For a trigger: itself, and the execution that took it. */
  trigger?: { id: number; temporalRunId: string }
}

/** Forgets signals that Temporal has taken. */
export async function confirmSignals(db: Database, confirmed: Confirmation[]): Promise<void> {
  const taken = confirmed.flatMap(({ trigger }) =>
    trigger === undefined ? [] : [{ t: trigger.id, r: trigger.temporalRunId }],
  )
  const forget = sql`delete from pending_signals where id = any(${ids(confirmed.map(({ signalId }) => signalId))})`
  if (taken.length === 0) await db.execute(forget)
  else {
    await db.execute(
      sql`with gone as (${forget})
          update triggers set temporal_run_id = x.r from jsonb_to_recordset(${json(taken)}) as x(t bigint, r text)
          where triggers.id = x.t`,
    )
  }
}

/** Whether a trigger's own signal is still under way: its run may not have been started yet. */
export async function triggerSignalPending(db: Database, workflowId: string): Promise<boolean> {
  const found = await query(
    db,
    sql`select 1 from pending_signals s join runs u on u.id = s.run_id
        where u.workflow_id = ${workflowId} and s.kind = 'trigger' limit 1`,
  )
  return found.length > 0
}

export async function countPendingSignals(db: Database): Promise<number> {
  const [row] = await query<{ count: number }>(db, sql`select count(*)::int as count from pending_signals`)
  return row!.count
}

import { sql } from 'drizzle-orm'
import { idsOf } from '../../workflows/ranges.ts'
import type { RemovedMessage, TriggerMessage } from '../../workflows/signals.ts'
import type { Sleepers } from '../../workflows/sleepers.ts'
import { ids, json, query, type Database } from '../postgres/database.ts'
import type { LaneRows } from '../recipient-runs/lane-rows.ts'
import { loadAllSleepers, loadSleepers, sleepersOf, type Sleeper } from '../recipient-runs/sleepers.ts'
import { triggerIdOf } from '../ids/row-id.ts'

interface Addressed {
  id: number
  workflowId: string
  definition: string
  cancelationKey: string | null
  /** Of a trigger. */
  tenant?: string | null
}

/**
 * A signal Temporal has not confirmed, with what it tells as of now. A trigger `opens` if nobody was pending when it was
 * accepted: its run is most likely not there yet.
 */
export type PendingSignal = Addressed &
  (
    | { kind: 'trigger'; triggerId: number; message: TriggerMessage; opens: boolean }
    | { kind: 'cancel'; message: Omit<RemovedMessage, 'store'> }
    | { kind: 'move'; groups: Sleepers[] }
  )

interface Row extends Addressed {
  kind: PendingSignal['kind']
  triggerId: number | null
  workflowRunId: string | null
  lanes: LaneRows[] | null
  by: string | null
  reason: string | null
  recipients: number
  opens: boolean
}

/** Recipients of the triggers that are told of at once: what lies beyond comes with the next call. */
const RECIPIENTS = 100_000

export interface Taking {
  /** These and no others. */
  only?: readonly number[]
  olderThanMs: number
  /** Not what another took less than so long ago. */
  leaseMs: number
  /** Taken by this process before, and not sent. */
  mine?: readonly number[]
  limit: number
}

/**
 * Takes unconfirmed signals to be sent again, the oldest first, at most `limit`. Several processes work off a backlog so,
 * and none sends what another is at. Answers their ids, ascending.
 */
export async function takePendingSignals(db: Database, which: Taking): Promise<number[]> {
  const before = (ms: number) => sql`clock_timestamp() - ${ms / 1000} * interval '1 second'`
  const only = which.only === undefined ? sql`true` : sql`id = any(${ids(which.only)})`
  const taken = await query<{ id: number }>(
    db,
    sql`update pending_signals set taken_at = clock_timestamp() where id = any(array(
          select id from pending_signals
          where ${only} and created_at <= ${before(which.olderThanMs)}
            and (taken_at is null or taken_at <= ${before(which.leaseMs)} or id = any(${ids(which.mine ?? [])}))
          order by id limit ${which.limit} for update skip locked))
        returning id`,
  )
  return taken.map(({ id }) => id).sort((a, b) => a - b)
}

/**
 * Unconfirmed signals in their order: `only` these, or of one trigger. Only the first of them if their recipients are many,
 * at least one if there is one. A few statements for all of them.
 */
export async function loadPendingSignals(
  db: Database,
  which: { only: readonly number[] } | { workflowRunId: string },
): Promise<PendingSignal[]> {
  const filter =
    'only' in which
      ? sql`s.id = any(${ids(which.only)}) order by s.id`
      : sql`t.workflow_run_id = ${which.workflowRunId}::uuid`
  const rows = await query<Row>(
    db,
    sql`select s.id, s.kind, s.trigger_id as "triggerId", s.lanes, s."by", s.reason, t.workflow_run_id as "workflowRunId",
          u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey", t.tenant,
          coalesce(t.recipient_count, 0) as recipients,
          t.id is not null and not exists (
            select from triggers o where o.run_id = t.run_id and o.generation = t.generation and o.id < t.id) as opens
        from pending_signals s join runs u on u.id = s.run_id left join triggers t on t.id = s.trigger_id
        where ${filter}`,
  )
  return withMessages(db, firstOf(rows))
}

function firstOf(rows: readonly Row[]): Row[] {
  let recipients = 0
  const end = rows.findIndex((row, i) => (recipients += row.recipients) > RECIPIENTS && i > 0)
  return end === -1 ? [...rows] : rows.slice(0, end)
}

async function withMessages(db: Database, rows: readonly Row[]): Promise<PendingSignal[]> {
  const asleep = await sleepersByTrigger(db, rows)
  const moved = await sleepersByLane(db, rows)
  return rows.map(({ id, workflowId, definition, cancelationKey, ...row }): PendingSignal => {
    const address = { id, workflowId, definition, cancelationKey }
    const lanes = row.lanes ?? []
    if (row.kind === 'cancel') {
      const { by, reason } = row
      const message = { removed: lanes, ...(by !== null && { by }), ...(reason !== null && { reason }) }
      return { ...address, kind: 'cancel', message }
    }
    if (row.kind === 'move') {
      const found = lanes.flatMap(({ lane, rows: ranges }) =>
        idsOf(ranges).flatMap((each) => moved.get(lane)?.get(each) ?? []),
      )
      return { ...address, kind: 'move', groups: sleepersOf(found) }
    }
    const triggerId = row.triggerId!
    // Only who is still to be served: the rest of the trigger needs no sleep any more.
    const message = { workflowRunId: row.workflowRunId!, sleepers: sleepersOf(asleep.get(triggerId) ?? []) }
    return { ...address, tenant: row.tenant ?? null, kind: 'trigger', triggerId, message, opens: row.opens }
  })
}

async function sleepersByTrigger(db: Database, rows: readonly Row[]): Promise<Map<number, Sleeper[]>> {
  const triggerIds = rows.flatMap(({ kind, triggerId }) => (kind === 'trigger' ? [triggerId!] : []))
  const byTrigger = new Map<number, Sleeper[]>(triggerIds.map((id) => [id, []]))
  if (triggerIds.length === 0) return byTrigger
  for (const sleeper of await loadAllSleepers(db, { triggers: triggerIds }))
    byTrigger.get(triggerIdOf(sleeper.id))!.push(sleeper)
  return byTrigger
}

async function sleepersByLane(db: Database, rows: readonly Row[]): Promise<Map<string, Map<number, Sleeper>>> {
  const moved = new Map<string, Set<number>>()
  for (const { lane, rows: ranges } of rows.flatMap(({ kind, lanes }) => (kind === 'move' ? (lanes ?? []) : []))) {
    if (!moved.has(lane)) moved.set(lane, new Set())
    for (const id of idsOf(ranges)) moved.get(lane)!.add(id)
  }
  const byLane = new Map<string, Map<number, Sleeper>>()
  for (const [lane, rowIds] of moved) {
    const found = await loadSleepers(db, lane, { rows: [...rowIds] })
    byLane.set(lane, new Map(found.map((sleeper) => [sleeper.id, sleeper])))
  }
  return byLane
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

/** How many signals Temporal has not confirmed for so long. */
export async function countPendingSignals(db: Database, olderThanMs = 0): Promise<number> {
  const [row] = await query<{ count: number }>(
    db,
    sql`select count(*)::int as count from pending_signals
        where created_at <= clock_timestamp() - ${olderThanMs / 1000} * interval '1 second'`,
  )
  return row!.count
}

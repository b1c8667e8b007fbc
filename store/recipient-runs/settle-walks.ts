import { sql, type SQL } from 'drizzle-orm'
import { walkEvents } from '../../events/walk-events.ts'
import { noOutbox, recordEvents, type Outbox } from '../../events/outbox.ts'
import { at, ids, json, query, transaction, type Database } from '../postgres/database.ts'
import { insertMessages } from '../messages/insert-messages.ts'
import type { NewMessage } from '../messages/new-message.ts'
import type { Lane } from '../../workflows/messages.ts'
import type { JsonObject } from '../schema/index.ts'

/** Where a walk stands, or how it ended. */
export interface WalkSettlement {
  id: number
  /** The revision it was walked under; nothing is written for a row that has another by now. */
  revision: number
  status: 'waiting' | 'ended'
  step: number
  phase: 'enter' | 'wait'
  /** Epoch milliseconds: since when it stands in `step`. */
  enteredAt: number
  /** Epoch milliseconds; null: something else wakes it. */
  due: number | null
  /** Where it sleeps in its run; absent: with all walks. */
  lane?: Lane
  /** Failed tries of its step; absent: none. */
  attempt?: number
  /** Steps that failed. */
  errors: number
  reason: string | null
  /** What its steps remember from now on; null: as it was. */
  state: JsonObject | null
  messages: NewMessage[]
  events: WalkEvent[]
}

/** Something only an event of its own can tell. */
export interface WalkEvent {
  event: 'step_failed' | 'step_retried' | 'step_skipped' | 'step_decided'
  status: 'ok' | 'error'
  step: number
  attempt: number
  data: JsonObject
}

/**
 * Settles many walks in one transaction: rows locked in order, then messages, rows and events written. Only rows that
 * wait, at the revision they were walked under, are settled: a cancel or a move that came meanwhile wins as a whole, and
 * no message of theirs is there. Answers which were settled.
 */
export async function settleWalks(
  db: Database,
  settlements: readonly WalkSettlement[],
  now: number,
  outbox = noOutbox,
): Promise<Set<number>> {
  if (settlements.length === 0) return new Set()
  return transaction(db, async (tx) => (await settleIn(tx, settlements, now, outbox, sql`status = 'waiting'`)).settled)
}

/**
 * The same for rows that `owner` has claimed. One that a cancel marked meanwhile goes no further: it ends as canceled, with
 * the events of what was done for it. Answers which were settled, and which of them so.
 */
export async function settleClaimed(
  db: Database,
  settlements: readonly WalkSettlement[],
  owner: string,
  now: number,
  outbox = noOutbox,
): Promise<Settled> {
  const held = sql`status = 'claimed' and claim = ${owner}`
  return transaction(db, (tx) => settleIn(tx, settlements, now, outbox, held))
}

export interface Settled {
  settled: Set<number>
  canceled: Set<number>
}

async function settleIn(
  tx: Database,
  settlements: readonly WalkSettlement[],
  now: number,
  outbox: Outbox,
  which: SQL,
): Promise<Settled> {
  const locked = await query<{ id: number; revision: number; errorCount: number; canceling: boolean }>(
    tx,
    sql`select id, revision, error_count as "errorCount", cancel_id is not null as canceling from recipient_runs
        where id = any(${ids(settlements.map(({ id }) => id))}) and ${which} order by id for update`,
  )
  const found = new Map(locked.map((row) => [row.id, row]))
  const settled = settlements.filter(({ id, revision }) => found.get(id)?.revision === revision)
  const canceled = new Set(locked.filter(({ canceling }) => canceling).map(({ id }) => id))
  if (settled.length === 0) return { settled: new Set(), canceled }
  const going = settled.filter(({ id }) => !canceled.has(id))
  await insertMessages(
    tx,
    going.flatMap(({ messages }) => messages),
    now,
  )
  await writeRows(tx, settled, canceled, now)
  await writeEvents(tx, settled, now)
  await recordEvents(tx, outbox, now, () => [
    ...going.flatMap((walk) => walkEvents(walk, found.get(walk.id)!.errorCount)),
    ...[...canceled].map((id) => ({ type: 'workflow_recipient_run.cancelled' as const, recipientRunId: id })),
  ])
  return { settled: new Set(settled.map(({ id }) => id)), canceled }
}

async function writeRows(
  tx: Database,
  settled: readonly WalkSettlement[],
  canceled: ReadonlySet<number>,
  now: number,
): Promise<void> {
  const rows = settled.map((walk) => ({
    id: walk.id,
    w: canceled.has(walk.id) ? 'canceled' : walk.status,
    s: walk.step,
    p: walk.phase,
    a: walk.enteredAt,
    d: walk.due,
    y: walk.attempt ?? 0,
    x: walk.errors,
    r: walk.reason,
    t: walk.state,
    m: canceled.has(walk.id) ? 0 : walk.messages.length,
  }))
  await tx.execute(
    sql`update recipient_runs r set
          status = x.w::recipient_run_status, claim = null, lease_until = null,
          step = x.s, phase = x.p::step_phase, entered_at = to_timestamp(x.a / 1000.0),
          due = to_timestamp(x.d / 1000.0), attempt = x.y, error_count = r.error_count + x.x,
          reason = coalesce(x.r, r.reason), state = coalesce(x.t, r.state), messages = r.messages + x.m,
          revision = r.revision + 1, updated_at = ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, w text, s smallint, p text, a float8, d float8,
          y smallint, x smallint, r text, t jsonb, m smallint)
        where r.id = x.id`,
  )
}

async function writeEvents(tx: Database, settled: readonly WalkSettlement[], now: number): Promise<void> {
  const rows = settled.flatMap(({ id, events }) => events.map((event) => ({ id, ...event })))
  if (rows.length === 0) return
  await tx.execute(
    sql`insert into recipient_run_events (recipient_run_id, event, status, step, attempt, data, inserted_at)
        select x.id, x.event, x.status, x.step, x.attempt, x.data, ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, event text, status text, step smallint, attempt smallint,
          data jsonb)`,
  )
}

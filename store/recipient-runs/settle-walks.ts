import { sql } from 'drizzle-orm'
import { walkEvents } from '../../events/walk-events.ts'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import { at, ids, json, query, transaction, type Database } from '../postgres/database.ts'
import { insertMessages } from '../messages/insert-messages.ts'
import type { NewMessage } from '../messages/new-message.ts'
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
  event: 'step_failed' | 'step_skipped' | 'step_decided'
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
  return transaction(db, async (tx) => {
    const locked = await query<{ id: number; revision: number; errorCount: number }>(
      tx,
      sql`select id, revision, error_count as "errorCount" from recipient_runs
          where id = any(${ids(settlements.map(({ id }) => id))}) and status = 'waiting' order by id for update`,
    )
    const found = new Map(locked.map((row) => [row.id, row]))
    const settled = settlements.filter(({ id, revision }) => found.get(id)?.revision === revision)
    if (settled.length === 0) return new Set<number>()
    await insertMessages(
      tx,
      settled.flatMap(({ messages }) => messages),
      now,
    )
    await writeRows(tx, settled, now)
    await writeEvents(tx, settled, now)
    await recordEvents(tx, outbox, now, () =>
      settled.flatMap((walk) => walkEvents(walk, found.get(walk.id)!.errorCount)),
    )
    return new Set(settled.map(({ id }) => id))
  })
}

async function writeRows(tx: Database, settled: readonly WalkSettlement[], now: number): Promise<void> {
  const rows = settled.map(({ id, status, step, phase, enteredAt, due, errors, reason, state, messages }) => {
    return {
      id,
      e: status === 'ended',
      s: step,
      p: phase,
      a: enteredAt,
      d: due,
      x: errors,
      r: reason,
      t: state,
      m: messages.length,
    }
  })
  await tx.execute(
    sql`update recipient_runs r set
          status = case when x.e then 'ended' else 'waiting' end::recipient_run_status,
          step = x.s, phase = x.p::step_phase, entered_at = to_timestamp(x.a / 1000.0),
          due = to_timestamp(x.d / 1000.0), attempt = 0, error_count = r.error_count + x.x,
          reason = coalesce(x.r, r.reason), state = coalesce(x.t, r.state), messages = r.messages + x.m,
          revision = r.revision + 1, updated_at = ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, e boolean, s smallint, p text, a float8, d float8,
          x smallint, r text, t jsonb, m smallint)
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

import { sql } from 'drizzle-orm'
import type { LockedMessage } from '../messages/lock-messages.ts'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import type { LaneRows } from './lane-rows.ts'
import type { LockedRow } from './lock-recipient-runs.ts'

/** What a cancel marks of one run. */
interface Marks {
  runId: number
  rows: readonly LockedRow[]
  /** Never sent. */
  takenBack: LockedMessage[]
  /** An earlier try may have arrived; there is no other. */
  cutShort: LockedMessage[]
  /** Under way: they end when their claim settles. */
  marked: LockedMessage[]
  /** Of batches that go on without one of their activities. */
  left: readonly LockedMessage[]
  /** What slept in the run. */
  removed: readonly LaneRows[]
}

/** Why a message that was cut short is not tried again. */
export const CUT_SHORT = 'canceled before the next try; an earlier one may have arrived'

/**
 * Writes a cancel, its marks on rows and messages, and the signal that tells the run of `removed`, by one statement. The rows
 * and messages are locked. Answers the signal's id; null: nothing slept there.
 */
export async function writeMarks(
  tx: Database,
  { runId, rows, takenBack, cutShort, marked, left, removed }: Marks,
  request: { apiKey: string; reason: string | null; now: number },
): Promise<number | null> {
  const signal =
    removed.length === 0
      ? sql`select null::bigint as id`
      : sql`insert into pending_signals (run_id, kind, lanes, "by", reason, created_at)
          values (${runId}, 'cancel', ${json(removed)}, ${request.apiKey}, ${request.reason}, ${at(request.now)})
          returning id`
  const ofBatch = left.map(({ recipientRunId: r, number: n, batchId: b }) => ({ r, n, b }))
  const carriers = rows.filter(({ id, batch }) => batch?.carrier === id).map(({ id }) => id)
  const [written] = await query<{ id: number | null }>(
    tx,
    sql`with cancel as (
          insert into cancels (run_id, api_key, reason, created_at)
          values (${runId}, ${request.apiKey}, ${request.reason}, ${at(request.now)}) returning id
        ),
        batch as (
          update batches set revision = revision + 1
          where id = any(${ids([...new Set(rows.flatMap(({ batch }) => batch?.id ?? []))])}) returning id, revision
        ),
        marked_rows as (
          update recipient_runs r set cancel_id = (select id from cancel), updated_at = ${at(request.now)},
            batch_left = (select revision from batch where batch.id = r.batch_id),
            status = case when r.status = 'waiting' and r.id <> all(${ids(carriers)}) then 'canceled'::recipient_run_status
              else r.status end
          where r.id = any(${ids(rows.map((row) => row.id))})
        ),
        marked_messages as (
          update messages m set cancel_id = (select id from cancel), updated_at = ${at(request.now)},
            status = coalesce(x.s::message_status, m.status),
            reason = coalesce(x.e, m.reason),
            due = case when x.s is null then m.due end,
            settled_at = case when x.s is not null then ${at(request.now)} end
          from jsonb_to_recordset(${json(messageRows(takenBack, cutShort, marked))}) as x(r bigint, n smallint, s text, e text)
          where m.recipient_run_id = x.r and m.number = x.n
        ),
        left_messages as (
          update messages m set batch_revision = batch.revision, updated_at = ${at(request.now)}
          from jsonb_to_recordset(${json(ofBatch)}) as x(r bigint, n smallint, b bigint) join batch on batch.id = x.b
          where m.recipient_run_id = x.r and m.number = x.n
        ),
        signal as (${signal})
        select id from signal`,
  )
  return written?.id ?? null
}

function messageRows(takenBack: LockedMessage[], cutShort: LockedMessage[], marked: LockedMessage[]) {
  const rowsOf = (messages: LockedMessage[], s: string | null, e: string | null) =>
    messages.map(({ recipientRunId: r, number: n }) => ({ r, n, s, e }))
  return [
    ...rowsOf(takenBack, 'not_sent', 'canceled'),
    ...rowsOf(cutShort, 'delivery_attempted', CUT_SHORT),
    ...rowsOf(marked, null, null),
  ]
}

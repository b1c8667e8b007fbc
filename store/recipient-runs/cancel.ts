import { sql } from 'drizzle-orm'
import { toRanges, type RemovedMessage } from '../../workflows/messages.ts'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import { findRows, stepsSent, type FoundRow, type Which } from './found-rows.ts'
import { messageId } from '../ids/message-id.ts'
import { silent, tell, type Outbox } from '../../events/outbox.ts'
import { NAMED } from './sleepers.ts'
import { judge, verdictOf, type Verdict } from './verdict.ts'

export interface Cancel extends Which {
  archiveSent: boolean
  apiKey: string
  reason: string | null
  /** Epoch milliseconds, for the record; nothing is decided by it. */
  now: number
}

/** `signal` tells the run which rows have gone; null when none of them slept there. */
export interface Canceled {
  verdict: Verdict
  signal: { id: number; message: RemovedMessage } | null
}

/**
 * Takes recipients out, and says truthfully what that did. Sees the key's current or last generation. The key's row is
 * locked first, then the rows in their order; what the verdict says is final when the caller's transaction commits.
 */
export async function cancelIn(
  tx: Database,
  key: { workflow: string; cancelationKey: string | null },
  request: Cancel,
  outbox = silent,
): Promise<Canceled> {
  const rows = await findRows(tx, request)
  const changed = rows.filter((row) => judge(row).changes)
  const sentSteps = await stepsSent(tx, rows)
  const archived = request.archiveSent ? await archive(tx, rows, request.now, outbox) : []
  const signal = changed.length === 0 ? null : await markCanceled(tx, changed, request, outbox)
  return { verdict: verdictOf(key, rows, sentSteps, request.recipients, archived), signal }
}

/** Hides the in-app messages of these rows from the feed; answers their ids. Locked in the order that engagement.ts locks them in. */
async function archive(tx: Database, rows: FoundRow[], now: number, outbox: Outbox): Promise<string[]> {
  const addressed = rows.filter((row) => row.sent > 0).map((row) => row.id)
  if (addressed.length === 0) return []
  const archived = await query<{ id: number; step: number }>(
    tx,
    sql`with hidden as (
          update messages m set archived_at = ${at(now)}, updated_at = ${at(now)}
          where m.recipient_run_id = any(array(
              select recipient_run_id from messages where recipient_run_id = any(${ids(addressed)})
              order by recipient_run_id, step for update
            )) and m.archived_at is null and m.content ? 'blocks'
          returning m.recipient_run_id, m.step
        ),
        told as (
          insert into message_events (recipient_run_id, step, type, inserted_at)
          select recipient_run_id, step, 'archived', ${at(now)} from hidden
        )
        select recipient_run_id as id, step from hidden order by 1, 2`,
  )
  await tell(tx, outbox, now, () =>
    archived.map(({ id, step }) => ({ type: 'message.archived', recipientRunId: id, step })),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return archived.map(({ id, step }) => messageId(byId.get(id)!, { recipientRunId: id, step }))
}

/** Marks the rows and leaves a signal for those that slept; a claimed row ends when its claim settles. */
async function markCanceled(
  tx: Database,
  changed: FoundRow[],
  request: Cancel,
  outbox: Outbox,
): Promise<Canceled['signal']> {
  const asleep = changed.filter((row) => row.status === 'waiting')
  const runId = changed[0]!.runId
  const rows = toRanges(asleep.map((row) => row.id))
  const signal =
    asleep.length === 0
      ? sql`select null::bigint as id`
      : sql`insert into pending_signals (run_id, kind, rows) values (${runId}, 'cancel', ${json(rows)}) returning id`
  const [written] = await query<{ id: number | null }>(
    tx,
    sql`with cancel as (
          insert into cancels (run_id, api_key, reason, created_at)
          values (${runId}, ${request.apiKey}, ${request.reason}, ${at(request.now)}) returning id
        ),
        marked as (
          update recipient_runs r set cancel_id = (select id from cancel), updated_at = ${at(request.now)},
            status = case when r.status = 'waiting' then 'canceled'::recipient_run_status else r.status end
          where r.id = any(${ids(changed.map((row) => row.id))})
        ),
        untried as (
          update messages m set status = 'not_sent', reason = 'canceled before the next try',
            updated_at = ${at(request.now)}, settled_at = ${at(request.now)}
          where m.recipient_run_id = any(${ids(asleep.map((row) => row.id))}) and m.status = 'queued'
        ),
        signal as (${signal})
        select id from signal`,
  )
  // A claimed row is told of when its claim settles: only then is it known what became of it.
  await tell(tx, outbox, request.now, () =>
    asleep.map(({ id }) => ({ type: 'workflow_recipient_run.cancelled', recipientRunId: id })),
  )
  if (written?.id == null) return null
  const message: RemovedMessage = { rows }
  if (asleep.length <= NAMED) message.recipients = asleep.map((row) => row.recipient)
  return { id: written.id, message }
}

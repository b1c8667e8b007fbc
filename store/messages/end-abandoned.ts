import { sql } from 'drizzle-orm'
import { messageTryEvents } from '../../events/message-events.ts'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import type { MessageKey } from '../ids/message-id.ts'
import { at, json, query, transaction, type Database } from '../postgres/database.ts'

/**
 * Ends messages that were canceled while a worker held them which is gone by now: they may have been sent, and are never
 * tried again. Answers which.
 */
export async function endAbandoned(
  db: Database,
  keys: readonly MessageKey[],
  now: number,
  outbox = noOutbox,
): Promise<MessageKey[]> {
  if (keys.length === 0) return []
  const reason = 'the worker stopped while it was sending; canceled since, so not tried again'
  return transaction(db, async (tx) => {
    const given = keys.map(({ recipientRunId: r, number: n }) => ({ r, n }))
    const ended = await query<MessageKey & { attempt: number }>(
      tx,
      sql`with lost as materialized (
            select m.recipient_run_id, m.number from messages m
              join jsonb_to_recordset(${json(given)}) as x(r bigint, n smallint)
              on m.recipient_run_id = x.r and m.number = x.n
            where m.status = 'queued' and m.cancel_id is not null and m.claim is not null and m.lease_until <= ${at(now)}
            order by m.recipient_run_id, m.number for update of m
          )
          update messages m set status = 'delivery_attempted', reason = ${reason}, due = null, attempt = m.attempt + 1,
            revision = m.revision + 1, claim = null, lease_until = null, updated_at = ${at(now)}, settled_at = ${at(now)}
          from lost where m.recipient_run_id = lost.recipient_run_id and m.number = lost.number
          returning m.recipient_run_id as "recipientRunId", m.number, m.attempt`,
    )
    await recordEvents(tx, outbox, now, () =>
      ended.flatMap((message) =>
        messageTryEvents({ ...message, canceled: true }, { kind: 'delivery_attempted', reason }),
      ),
    )
    return ended
  })
}

import { sql } from 'drizzle-orm'
import { FEED_TYPE } from '../../channels/in-app-feed/feed-type.ts'
import { recordEvents, type Outbox } from '../../events/outbox.ts'
import { messageId } from '../ids/message-id.ts'
import { at, ids, query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { LockedRow } from '../recipient-runs/lock-recipient-runs.ts'
import type { ArchivedMessage } from '../recipient-runs/verdict.ts'

/**
 * Hides the in-app messages of these rows from the feed; answers which, and whether they had been seen. A digest is hidden
 * only where no activity of others is in it. Locked in the order in which engagement locks them.
 */
export async function archiveSent(
  tx: Database,
  rows: readonly LockedRow[],
  now: number,
  outbox: Outbox,
): Promise<ArchivedMessage[]> {
  const reached = new Set<number>()
  const digests = new Set<number>()
  const carriers = new Map<number, LockedRow['batch']>()
  for (const { messages, batch } of rows) {
    for (const { recipientRunId, batchId, state } of messages) {
      if (state !== 'reached' || (batchId !== null && batch?.hasOthers === true)) continue
      reached.add(recipientRunId)
      if (batchId === null) continue
      digests.add(batchId)
      carriers.set(recipientRunId, batch)
    }
  }
  if (reached.size === 0) return []
  const archived = await query<Omit<ArchivedMessage, 'id'> & { row: number; number: number }>(
    tx,
    sql`with hidden as (
          update messages m set archived_at = ${at(now)}, updated_at = ${at(now)}
          from (select recipient_run_id, number from messages
              where recipient_run_id = any(${ids([...reached])}) and channel_type = ${FEED_TYPE}
                and (batch_id is null or batch_id = any(${ids([...digests])}))
              order by recipient_run_id, number for update) locked
          where m.recipient_run_id = locked.recipient_run_id and m.number = locked.number and m.archived_at is null
            and m.status in ('sent', 'delivered')
          returning m.recipient_run_id, m.number, m.seen_at, m.read_at
        ),
        recorded as (
          insert into message_events (recipient_run_id, number, type, inserted_at)
          select recipient_run_id, number, 'archived', ${at(now)} from hidden
        )
        select recipient_run_id as row, number, ${isoText(sql`seen_at`)} as seen_at, ${isoText(sql`read_at`)} as read_at
        from hidden order by 1, 2`,
  )
  await recordEvents(tx, outbox, now, () =>
    archived.map(({ row, number }) => ({ type: 'message.archived', recipientRunId: row, number, feed: 'revoked' })),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return archived.map(({ row, number, seen_at, read_at }) => ({
    id: messageId(byId.get(row) ?? carriers.get(row)!, { recipientRunId: row, number }),
    seen_at,
    read_at,
  }))
}

import { sql } from 'drizzle-orm'
import { FEED_TYPE } from '../../channels/in-app-feed/feed-type.ts'
import { notifyFeeds } from '../../events/feed-changes.ts'
import { takeBatchLocks } from '../batches/lock-batches.ts'
import { ids, json, query, transaction, type Database } from '../postgres/database.ts'
import { holdMerge } from '../profiles/merged-users.ts'

/**
 * Gives the first `limit` recipient runs, and messages, that stand under a merged id to whom it means by now. What is pending
 * goes on as theirs: a walk or a send under way finishes as it began. An id that means nobody else any more may be another
 * user's, and keeps what it has. Answers whether more may be left.
 */
export async function moveMerged(db: Database, from: string, limit: number): Promise<boolean> {
  return transaction(db, async (tx) => {
    const into = await holdMerge(tx, from)
    if (into === undefined) return false
    const rows = await query<{ id: number; batchId: number | null }>(
      tx,
      sql`select id, batch_id as "batchId" from recipient_runs where recipient = ${from} order by id limit ${limit}`,
    )
    const own = rows.map(({ id }) => id)
    await moveBatches(tx, from, into, [...new Set(rows.flatMap(({ batchId }) => batchId ?? []))])
    await tx.execute(sql`select from recipient_runs where id = any(${ids(own)}) order by id for update`)
    await tx.execute(sql`update recipient_runs set recipient = ${into} where id = any(${ids(own)})`)
    await tx.execute(
      sql`update event_waits set recipient = ${into} where recipient_run_id = any(${ids(own)}) and recipient = ${from}`,
    )
    const messages = await query<{ recipientRunId: number; number: number }>(
      tx,
      sql`select recipient_run_id as "recipientRunId", number from messages where recipient = ${from}
          order by inserted_at, recipient_run_id, number limit ${limit}`,
    )
    const keys = json(messages.map(({ recipientRunId: r, number: n }) => ({ r, n })))
    const given = sql`jsonb_to_recordset(${keys}) as x(r bigint, n smallint)`
    await tx.execute(
      sql`select from messages m join ${given} on m.recipient_run_id = x.r and m.number = x.n
          order by m.recipient_run_id, m.number for update of m`,
    )
    const shown = await query<{ recipientRunId: number; number: number }>(
      tx,
      sql`with moved as (
            update messages m set recipient = ${into} from ${given} where m.recipient_run_id = x.r and m.number = x.n
            returning m.recipient_run_id, m.number, m.channel_type, m.archived_at
          )
          select recipient_run_id as "recipientRunId", number from moved
          where channel_type = ${FEED_TYPE} and archived_at is null`,
    )
    await notifyFeeds(
      tx,
      shown.map((message) => ({ ...message, change: 'changed' as const })),
    )
    return rows.length === limit || messages.length === limit
  })
}

/** Of two that are open under one key the primary user's takes what comes from now on; the other closes at its instant. */
async function moveBatches(tx: Database, from: string, into: string, batchIds: readonly number[]): Promise<void> {
  if (batchIds.length === 0) return
  const open = await query<{ id: number }>(
    tx,
    sql`select id from batches where is_open and recipient = ${into} and key in (
          select key from batches where id = any(${ids(batchIds)}) and recipient = ${from} and is_open)`,
  )
  await takeBatchLocks(tx, [...batchIds, ...open.map(({ id }) => id)])
  await tx.execute(
    sql`update batches b set recipient = ${into}, is_open = b.is_open and not exists (
            select from batches o where o.recipient = ${into} and o.key = b.key and o.is_open)
        where b.id = any(${ids(batchIds)}) and b.recipient = ${from}`,
  )
}

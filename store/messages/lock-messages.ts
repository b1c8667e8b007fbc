import { sql } from 'drizzle-orm'
import type { MessageKey } from '../ids/message-id.ts'
import { ids, query, type Database } from '../postgres/database.ts'

/** A message a cancel or a move looks at: to be sent, being sent, or one that reached the recipient, or may have. */
export interface LockedMessage extends MessageKey {
  channelType: string
  stepRef: string
  state: 'queued' | 'claimed' | 'reached' | 'taken_back' | 'failed'
  /** It waits for another try, and an earlier one may have reached the recipient: its worker was lost. */
  mayHaveBeenSent: boolean
  /** A cancel has marked it before. */
  canceling: boolean
  revision: number
  /** The batch whose activities it contains, as of this revision of it. Null: it is its recipient run's own. */
  batchId: number | null
  batchRevision: number | null
  /** Waits for another try, or for its instant, rather than ready to be sent. */
  sleeps: boolean
}

/**
 * The messages of these rows that a verdict is made of. The queued ones are locked, in the order in which everybody locks
 * messages; what is settled changes no more, but for a provider's later report.
 */
export async function lockMessages(tx: Database, rowIds: readonly number[]): Promise<Map<number, LockedMessage[]>> {
  const found = new Map<number, LockedMessage[]>()
  if (rowIds.length === 0) return found
  // A statement of its own: what is read below is read after every lock has been taken.
  await tx.execute(
    sql`select from messages where recipient_run_id = any(${ids(rowIds)}) and status = 'queued'
        order by recipient_run_id, number for update`,
  )
  const messages = await query<LockedMessage>(
    tx,
    sql`select recipient_run_id as "recipientRunId", number, channel_type as "channelType", step_ref as "stepRef",
          case when status = 'not_sent' then 'taken_back' when status = 'undelivered' then 'failed'
            when status <> 'queued' then 'reached'
            when claim is null then 'queued' else 'claimed' end as state,
          may_have_been_sent and claim is null and status = 'queued' as "mayHaveBeenSent",
          cancel_id is not null as canceling, revision,
          batch_id as "batchId", batch_revision as "batchRevision", attempt > 0 or due > inserted_at as sleeps
        from messages
        where recipient_run_id = any(${ids(rowIds)})
          and (status in ('queued', 'sent', 'delivered', 'delivery_attempted', 'bounced')
            or (status in ('not_sent', 'undelivered') and cancel_id is not null))
        order by recipient_run_id, number`,
  )
  for (const message of messages) {
    const same = found.get(message.recipientRunId)
    if (same === undefined) found.set(message.recipientRunId, [message])
    else same.push(message)
  }
  return found
}

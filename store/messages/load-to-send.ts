import { sql } from 'drizzle-orm'
import type { ChannelType } from '../../definitions/channel-types.ts'
import type { MessageKey } from '../ids/message-id.ts'
import { ids, query, type Database } from '../postgres/database.ts'
import type { MessageStatus } from './message-filter.ts'

/** A message as whoever sends it finds it. */
export interface MessageToSend extends MessageKey {
  recipient: string
  stepRef: string
  channelId: string
  channelType: ChannelType
  status: MessageStatus
  /** Epoch milliseconds; null once settled. */
  due: number | null
  revision: number
  attempt: number
  claim: string | null
  /** Epoch milliseconds; null while nobody sends it. */
  leaseUntil: number | null
  canceled: boolean
}

/** The messages with this number of these rows, as they are now, without their content. */
export async function loadToSend(db: Database, rowIds: readonly number[], number: number): Promise<MessageToSend[]> {
  const rows = await query<MessageToSend>(
    db,
    sql`select recipient_run_id as "recipientRunId", number, recipient, step_ref as "stepRef", channel_id as "channelId",
          channel_type as "channelType", status, (extract(epoch from due) * 1000)::float8 as due, revision, attempt, claim,
          (extract(epoch from lease_until) * 1000)::float8 as "leaseUntil", cancel_id is not null as canceled
        from messages where recipient_run_id = any(${ids(rowIds)}) and number = ${number} order by recipient_run_id`,
  )
  const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms))
  return rows.map((row) => ({ ...row, due: rounded(row.due), leaseUntil: rounded(row.leaseUntil) }))
}

import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { MessageKey } from '../ids/message-id.ts'
import type { JsonObject } from '../schema/index.ts'

export interface MessageEventRow {
  /** Unique among the events of the message. */
  key: string
  type: string
  data: JsonObject | null
  inserted_at: string
}

/** What was recorded of one message, each oldest first. Its creation and how it was settled are told by the message itself. */
export interface MessageTrace {
  /** `{attempt, reason}` each. */
  failedTries: MessageEventRow[]
  engagement: MessageEventRow[]
}

/** What is on record of a message’s failed tries and of its engagement, oldest first. */
export async function traceOfMessage(db: Database, { recipientRunId, number }: MessageKey): Promise<MessageTrace> {
  const events = await query<MessageEventRow>(
    db,
    sql`select case when type = 'delivery_attempted' then 'try-' else 'engagement-' end || id as key, type, data,
        ${isoText(sql`inserted_at`)} as inserted_at
      from message_events where recipient_run_id = ${recipientRunId} and number = ${number} order by id`,
  )
  const isTry = ({ type }: MessageEventRow) => type === 'delivery_attempted'
  return { failedTries: events.filter(isTry), engagement: events.filter((event) => !isTry(event)) }
}

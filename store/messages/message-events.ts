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

export async function traceOfMessage(db: Database, { recipientRunId, step }: MessageKey): Promise<MessageTrace> {
  const failedTries = await query<MessageEventRow>(
    db,
    sql`select 'try-' || id as key, 'delivery_attempted' as type, ${isoText(sql`inserted_at`)} as inserted_at,
        jsonb_build_object('attempt', attempt, 'reason', data->'reason') as data
      from recipient_run_events
      where recipient_run_id = ${recipientRunId} and step = ${step} and event = 'attempt_failed' order by id`,
  )
  const engagement = await query<MessageEventRow>(
    db,
    sql`select 'engagement-' || id as key, type, data, ${isoText(sql`inserted_at`)} as inserted_at from message_events
      where recipient_run_id = ${recipientRunId} and step = ${step} order by id`,
  )
  return { failedTries, engagement }
}

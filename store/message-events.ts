import { sql } from 'drizzle-orm'
import { query, type Database } from './database.ts'
import { isoText } from './instant.ts'
import type { MessageKey } from './message-id.ts'
import type { JsonObject } from './schema.ts'

export interface MessageEventRow {
  id: number
  type: string
  data: JsonObject | null
  inserted_at: string
}

/** What was recorded of one message, oldest first. */
export async function listMessageEvents(
  db: Database,
  { recipientRunId, step }: MessageKey,
): Promise<MessageEventRow[]> {
  return query(
    db,
    sql`select id, type, data, ${isoText(sql`inserted_at`)} as inserted_at from message_events
      where recipient_run_id = ${recipientRunId} and step = ${step} order by id`,
  )
}

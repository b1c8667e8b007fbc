import { sql } from 'drizzle-orm'
import type { MessageKey } from '../ids/message-id.ts'
import { at, query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'

/** A try as it was recorded. */
export interface DeliveryLogRow {
  id: number
  outcome: string
  service: string
  reply: string | null
  exchanges: JsonObject[] | null
  inserted_at: string
  environment_id: string
}

const KEPT_MS = 30 * 86_400_000
/** Rows of one pass. */
const PASS = 10_000

/** What was recorded of a message’s tries, oldest first; a message has a few at most. */
export async function deliveryLogsOf(db: Database, { recipientRunId, number }: MessageKey): Promise<DeliveryLogRow[]> {
  return query<DeliveryLogRow>(
    db,
    sql`select id, outcome, service, reply, exchanges, ${isoText(sql`inserted_at`)} as inserted_at,
          (select id from environment) as environment_id
        from delivery_logs where recipient_run_id = ${recipientRunId} and number = ${number} order by id`,
  )
}

/** Deletes what is older than 30 days, the oldest first, in a bounded pass. */
export async function forgetDeliveryLogs(db: Database, now: number): Promise<void> {
  await db.execute(
    sql`delete from delivery_logs where id in (select id from delivery_logs order by id limit ${PASS})
        and inserted_at < ${at(now - KEPT_MS)}`,
  )
}

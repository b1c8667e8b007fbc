import { sql } from 'drizzle-orm'
import { json, query, type Database } from '../postgres/database.ts'

interface OfBatch {
  recipientRunId: number
  batchId: number | null
  batchRevision: number | null
}

/**
 * The recipient run whose own data goes with each message, by the message's: of a batch the first activity that the message
 * contains, since its carrier's may have been taken back; else itself.
 */
export async function loadFirstActivities(db: Database, messages: readonly OfBatch[]): Promise<Map<number, number>> {
  const own = new Map(messages.map(({ recipientRunId }) => [recipientRunId, recipientRunId]))
  const rows = messages.flatMap(({ recipientRunId: r, batchId: b, batchRevision: v }) =>
    b === null ? [] : [{ r, b, v }],
  )
  if (rows.length === 0) return own
  const found = await query<{ message: number; first: number }>(
    db,
    sql`select x.r as message, min(r.id) as first from jsonb_to_recordset(${json(rows)}) as x(r bigint, b bigint, v integer)
          join recipient_runs r on r.batch_id = x.b and (r.batch_left is null or r.batch_left > x.v) group by x.r`,
  )
  return new Map([...own, ...found.map(({ message, first }) => [message, first] as const)])
}

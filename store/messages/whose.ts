import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { keyOfMessageId } from '../ids/message-id.ts'
import { triggerOf } from '../ids/row-id.ts'
import { withKeys } from './message-filter.ts'

/** Whose a message is. */
export interface Whose {
  recipient: string
  tenant: string | null
}

/** By message id; what is no message is left out. */
export async function whoseMessages(db: Database, messageIds: readonly string[]): Promise<Map<string, Whose>> {
  const keys = new Map(messageIds.map((id) => [id, keyOfMessageId(id)]))
  const asked = [...keys.values()].filter((key) => key !== null)
  if (asked.length === 0) return new Map()
  const rows = await query<Whose & { row: number; number: number }>(
    db,
    sql`select m.recipient_run_id as row, m.number, m.recipient, t.tenant
      from messages m join triggers t on t.id = ${triggerOf('m.recipient_run_id')} where ${withKeys(asked)}`,
  )
  const found = new Map(rows.map(({ row, number, ...whose }) => [`${row}.${number}`, whose]))
  return new Map(
    [...keys].flatMap(([id, key]): [string, Whose][] => {
      const whose = key === null ? undefined : found.get(`${key.recipientRunId}.${key.number}`)
      return whose === undefined ? [] : [[id, whose]]
    }),
  )
}

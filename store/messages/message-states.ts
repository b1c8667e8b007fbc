import { sql } from 'drizzle-orm'
import type { MessageState } from '../../conditions/message-status.ts'
import { engagements } from '../../conditions/conditions.ts'
import { ids, query, texts, type Database } from '../postgres/database.ts'

/** By recipient run: what became of the messages of its steps. */
export type MessageStates = ReadonlyMap<number, readonly (MessageState & { ref: string })[]>

interface Row {
  id: number
  ref: string
  status: MessageState['delivery']
  seen: boolean
  read: boolean
  interacted: boolean
  link_clicked: boolean
  archived: boolean
}

/** The messages that steps of these refs made for these recipient runs, as conditions see them; one statement, or none. */
export async function loadMessageStates(
  db: Database,
  recipientRunIds: readonly number[],
  refs: readonly string[],
): Promise<MessageStates> {
  const states = new Map<number, (MessageState & { ref: string })[]>()
  if (recipientRunIds.length === 0 || refs.length === 0) return states
  const rows = await query<Row>(
    db,
    sql`select recipient_run_id as id, step_ref as ref, status, seen_at is not null as seen, read_at is not null as read,
          interacted_at is not null as interacted, link_clicked_at is not null as link_clicked,
          archived_at is not null as archived
        from messages where recipient_run_id = any(${ids(recipientRunIds)}) and step_ref = any(${texts(refs)})
        order by recipient_run_id, number`,
  )
  for (const row of rows) {
    const state = { ref: row.ref, delivery: row.status, engagements: engagements.filter((name) => row[name]) }
    const same = states.get(row.id)
    if (same === undefined) states.set(row.id, [state])
    else same.push(state)
  }
  return states
}

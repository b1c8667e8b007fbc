import { sql } from 'drizzle-orm'
import type { ChannelType } from '../../definitions/channel-types.ts'
import { keyOfMessageId, messageId } from '../ids/message-id.ts'
import { triggerOf } from '../ids/row-id.ts'
import { json, query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'
import { jsonBytes } from './byte-window.ts'

/** What one message says. */
export interface ContentRow {
  /** Public. */
  id: string
  channel_type: ChannelType
  content: JsonObject
  inserted_at: string
}

/** Of one answer, as JSON; a single content may be larger. */
const MOST_BYTES = 8 * 1_024 * 1_024

/** In the order of the ids, each once; what is no message is left out. Null: they are more than 8 MB together. */
export async function findContents(db: Database, messageIds: readonly string[]): Promise<ContentRow[] | null> {
  const wanted = [...new Set(messageIds)]
  const keys = wanted.map(keyOfMessageId).filter((key) => key !== null)
  const list = json(keys.map(({ recipientRunId, number }) => [recipientRunId, number]))
  const rows = await query<{
    recipientRunId: number
    number: number
    workflowRunId: string
    accepted_at: string
    channel_type: ChannelType
    inserted_at: string
    content: JsonObject | null
  }>(
    db,
    sql`select recipient_run_id as "recipientRunId", number, channel_type, workflow_run_id as "workflowRunId", accepted_at,
          inserted_at, case when place = 1 or bytes <= ${MOST_BYTES} then content end as content
        from (
          select m.recipient_run_id, m.number, m.channel_type, t.workflow_run_id, m.content,
            ${isoText(sql`t.accepted_at`)} as accepted_at, ${isoText(sql`m.inserted_at`)} as inserted_at, place,
            sum(${jsonBytes(sql`m.content`)}) over (order by place) as bytes
          from jsonb_array_elements(${list}) with ordinality as pair(key, place)
            join messages m on m.recipient_run_id = (key->>0)::bigint and m.number = (key->>1)::smallint
            join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
        ) as found order by place`,
  )
  const contents: ContentRow[] = []
  for (const { content, accepted_at, workflowRunId, recipientRunId, number, ...row } of rows) {
    const id = messageId({ workflowRunId, acceptedAt: new Date(accepted_at) }, { recipientRunId, number })
    // An id that was made up names a row whose own id is another.
    if (!wanted.includes(id)) continue
    if (content === null) return null
    contents.push({ ...row, id, content })
  }
  return contents
}

import { sql, type SQL } from 'drizzle-orm'
import type { ChannelType } from '../../definitions/channel-types.ts'
import { loadMessageActivities } from '../batches/message-activities.ts'
import { json, query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { byteWindow, jsonBytes } from './byte-window.ts'
import { messageConditions, messageData, withKeys, type MessageFilter, type MessageStatus } from './message-filter.ts'
import { keyOfMessageId, messageId, type MessageKey } from '../ids/message-id.ts'
import { allOf, orderAndLimit, pageOfRows, windowConditions, type Order, type Page, type Window } from './page.ts'
import { isRowOf, recipientRunUuid, triggerOf } from '../ids/row-id.ts'
import type { JsonObject } from '../schema/index.ts'

/** A message with what its trigger, definition and channel tell about it. Instants are ISO 8601. */
export interface MessageRow {
  recipient_run_id: number
  number: number
  step_ref: string
  recipient: string
  channel_id: string
  /** Null where no such channel is published any more. */
  channel: {
    key: string
    name: string
    type: ChannelType
    provider: string
    created_at: string
    updated_at: string
  } | null
  status: MessageStatus
  reason: string | null
  external_id: string | null
  inserted_at: string
  updated_at: string
  /** When it is to be sent, or tried again; null once it is settled. */
  due: string | null
  /** Since when the status is what it is; null while queued. */
  settled_at: string | null
  seen_at: string | null
  read_at: string | null
  interacted_at: string | null
  link_clicked_at: string | null
  archived_at: string | null
  workflow_run_id: string
  accepted_at: string
  actor: string | null
  /** Of the activities of a batch, the first ten; absent: `actor`. */
  actors?: string[]
  tenant: string | null
  data: JsonObject
  /** `data` was left out, since there was more than a page of it. */
  data_omitted?: boolean
  /** The batch whose activities it contains, as of this revision of it; null: the one of its recipient run. */
  batch_id: number | null
  batch_revision: number | null
  workflow: string
  version_id: string
  categories: string[]
}

/** What is left to load of `data`: all of it, what is not nested, or nothing. */
export type DataPart = 'whole' | 'flat' | 'none'

/** In SQL: what of a message’s `data` is loaded. */
export function dataPart(part: DataPart): SQL {
  if (part === 'none') return sql`'{}'::jsonb`
  if (part === 'whole') return messageData
  return sql`(select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(${messageData})
    where jsonb_typeof(value) not in ('object', 'array'))`
}

/** `data` stands for the column of that name. */
export const messageColumns = (
  data: SQL = messageData,
) => sql`m.recipient_run_id, m.number, m.step_ref, m.recipient, m.channel_id, m.status,
  m.reason, m.external_id, ${isoText(sql`m.due`)} as due, ${isoText(sql`m.inserted_at`)} as inserted_at, ${isoText(sql`m.updated_at`)} as updated_at,
  ${isoText(sql`case when m.status <> 'queued' then coalesce(m.settled_at, m.updated_at) end`)} as settled_at,
  ${isoText(sql`m.seen_at`)} as seen_at, ${isoText(sql`m.read_at`)} as read_at,
  ${isoText(sql`m.interacted_at`)} as interacted_at, ${isoText(sql`m.link_clicked_at`)} as link_clicked_at,
  ${isoText(sql`m.archived_at`)} as archived_at, t.workflow_run_id, ${isoText(sql`t.accepted_at`)} as accepted_at,
  t.actor, t.tenant, m.batch_id, m.batch_revision, ${data} as data, runs.definition_key as workflow, d.version_id,
  d.content->'categories' as categories,
  case when c.key is not null then jsonb_build_object('key', c.key, 'name', c.name, 'type', c.type,
    'provider', c.provider, 'created_at', ${isoText(sql`c.created_at`)}, 'updated_at', ${isoText(sql`c.updated_at`)})
  end as channel`

/**
 * Each join is a lookup by primary key. A trigger is joined both ways, by its id and by its range of rows, so that
 * "all messages of this trigger" starts at the trigger.
 */
const joins = sql`join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
    and ${isRowOf('m.recipient_run_id', 't.id')}
  join recipient_runs r on r.id = m.recipient_run_id
  join runs on runs.id = t.run_id
  join definitions d on d.hash = coalesce(r.definition_hash, t.definition_hash)
  left join channels c on c.id = m.channel_id`

export const messageTables = sql`messages m ${joins}`

/** What bytes are measured of. */
export const measuredTables = sql`messages m join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
  join recipient_runs r on r.id = m.recipient_run_id`

/** The messages of a page that fit into it (byte-window.ts), in the order of `p.n`. */
export const windowedTables = sql`page p join walked w on w.n = p.n
  join messages m on m.recipient_run_id = p.recipient_run_id and m.number = p.number ${joins}`
export const moreInPage = sql`(select count(*) from page) > (select max(n) from walked) as more`

export const messageOrder: Order<MessageRow> = {
  columns: [sql`m.inserted_at`, sql`m.recipient_run_id`, sql`m.number`],
  valueOf: ([insertedAt, row, number]) => sql`(${insertedAt}::timestamptz, ${row}::bigint, ${number}::smallint)`,
  positionOf: (row) => [row.inserted_at, row.recipient_run_id, row.number],
}

/** What a message's public id is made of. */
export type Identity = Pick<MessageRow, 'workflow_run_id' | 'accepted_at' | 'recipient_run_id' | 'number'>

/** The public id of a message as it was listed. */
export function messageIdOf(row: Identity): string {
  const trigger = { workflowRunId: row.workflow_run_id, acceptedAt: new Date(row.accepted_at) }
  return messageId(trigger, { recipientRunId: row.recipient_run_id, number: row.number })
}

/** A page of the messages a filter names, newest first. */
export async function listMessages(db: Database, filter: MessageFilter, window: Window): Promise<Page<MessageRow>> {
  const conditions = [...messageConditions(filter), ...windowConditions(window, messageOrder)]
  const keys = sql`select m.recipient_run_id, m.number from ${messageTables}
    where ${allOf(conditions)} ${orderAndLimit(window, messageOrder)}`
  const found = await query<MessageRow & { more: boolean }>(
    db,
    sql`with recursive ${byteWindow(keys, jsonBytes(messageData), measuredTables, window.size)}
      select ${messageColumns()}, ${moreInPage} from ${windowedTables} order by p.n`,
  )
  const page = pageOfRows<MessageRow>(found, found[0]?.more ?? false, window, messageOrder)
  return {
    ...page,
    rows: await withActivities(
      db,
      page.rows.filter((row) => isMeant(row, filter)),
    ),
  }
}

/** In the order of the ids, each once; what is no message is left out, and so is `data` once there are 8 MB of it. */
export async function findMessages(db: Database, messageIds: readonly string[]): Promise<MessageRow[]> {
  const places = [...new Set(messageIds)].map(keyOfMessageId).filter((key) => key !== null)
  const list = json(places.map(({ recipientRunId, number }) => [recipientRunId, number]))
  const keys = sql`select m.recipient_run_id, m.number from jsonb_array_elements(${list}) with ordinality as pair(key, place)
    join messages m on m.recipient_run_id = (key->>0)::bigint and m.number = (key->>1)::smallint order by place`
  const data = sql`case when w.n is null then '{}' else ${messageData} end`
  const rows = await query<MessageRow>(
    db,
    sql`with recursive ${byteWindow(keys, jsonBytes(messageData), measuredTables, places.length)}
      select ${messageColumns(data)}, w.n is null as data_omitted
      from page p left join walked w on w.n = p.n
      join messages m on m.recipient_run_id = p.recipient_run_id and m.number = p.number ${joins}`,
  )
  const byId = new Map((await withActivities(db, rows)).map((row) => [messageIdOf(row), row]))
  return [...new Set(messageIds)].map((id) => byId.get(id)).filter((row) => row !== undefined)
}

/** By where they lie, in no order; what is no message is left out. */
export async function loadMessages(db: Database, keys: readonly MessageKey[]): Promise<MessageRow[]> {
  const rows = await query<MessageRow>(
    db,
    sql`select ${messageColumns()} from ${messageTables} where ${withKeys(keys)}`,
  )
  return withActivities(db, rows)
}

/** Messages of batches with the actors and the data of all the activities they contain, instead of their carrier's own. */
async function withActivities(db: Database, rows: readonly MessageRow[]): Promise<MessageRow[]> {
  const contained = await loadMessageActivities(db, rows)
  return rows.map((row) => {
    const found = contained.get(row)
    if (found === undefined) return row
    return { ...row, actors: found.actors, data: row.data_omitted === true ? {} : found.data }
  })
}

/** Ids are looked up by the row they name; one that was made up names a row whose own id is another. */
function isMeant(row: MessageRow, { ids, workflowRecipientRunId }: MessageFilter): boolean {
  if (ids !== undefined && !ids.includes(messageIdOf(row))) return false
  return (
    workflowRecipientRunId === undefined ||
    workflowRecipientRunId.toLowerCase() === recipientRunUuid(row.workflow_run_id, row.recipient_run_id)
  )
}

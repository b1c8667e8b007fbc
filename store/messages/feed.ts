import { sql, type SQL } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { messageConditions, type MessageFilter } from './message-filter.ts'
import { byteWindow, jsonBytes } from './byte-window.ts'
import {
  dataPart,
  measuredTables,
  messageColumns,
  messageOrder,
  messageTables,
  moreInPage,
  windowedTables,
  type DataPart,
  type MessageRow,
} from './message-list.ts'
import { allOf, orderAndLimit, pageOfRows, windowConditions, type Page, type Window } from './page.ts'
import type { Json, JsonObject } from '../schema/index.ts'

/** A stored user or object; null instants and no properties if the id was never stored. */
export interface Profile {
  properties: JsonObject
  created_at: string | null
  updated_at: string | null
}

export interface FeedRow extends MessageRow {
  blocks: Json[]
  recipient_profile: Profile | null
  actor_profile: Profile | null
}

/** One user's in-app messages in one channel. */
export interface FeedFilter extends MessageFilter {
  recipient: string
  channelId: string
  archived: 'exclude' | 'include' | 'only'
}

const profile = (alias: SQL) => sql`case when ${alias}.id is not null then jsonb_build_object(
  'properties', ${alias}.properties, 'created_at', ${isoText(sql`${alias}.created_at`)},
  'updated_at', ${isoText(sql`${alias}.updated_at`)}) end`

function feedConditions(filter: FeedFilter): SQL[] {
  // What reached the feed: a sandboxed message is recorded, and not shown.
  const conditions = [sql`m.status in ('sent', 'delivered')`, ...messageConditions(filter)]
  if (filter.archived === 'exclude') conditions.push(sql`m.archived_at is null`)
  if (filter.archived === 'only') conditions.push(sql`m.archived_at is not null`)
  return conditions
}

const isActor = (object: SQL) => sql`strpos(t.actor, '#') > 0
  and ${object}.collection = split_part(t.actor, '#', 1)
  and ${object}.id = substr(t.actor, strpos(t.actor, '#') + 1)`

/** What is left out is not loaded. */
export interface FeedParts {
  data: DataPart
  /** How often an item shows its data: with activities, twice. */
  dataTimes: number
  blocks: boolean
}

/** A page of at most 8 MB, or of one item. */
export async function listFeed(
  db: Database,
  filter: FeedFilter,
  window: Window,
  parts: FeedParts,
): Promise<Page<FeedRow>> {
  const conditions = [...feedConditions(filter), ...windowConditions(window, messageOrder)]
  const keys = sql`select m.recipient_run_id, m.number from ${messageTables}
    where ${allOf(conditions)} ${orderAndLimit(window, messageOrder)}`
  const data = dataPart(parts.data)
  const blocks = parts.blocks ? sql`coalesce(m.content->'blocks', '[]')` : sql`'[]'::jsonb`
  const bytes = sql`${jsonBytes(data)} * ${parts.dataTimes}::int + ${jsonBytes(blocks)}
    + coalesce((select ${jsonBytes(sql`properties`)} from users where id = m.recipient), 0)
    + coalesce((select 2 * ${jsonBytes(sql`properties`)} from users where id = t.actor), 0)
    + coalesce((select 2 * ${jsonBytes(sql`properties`)} from objects where ${isActor(sql`objects`)}), 0)`
  const found = await query<FeedRow & { more: boolean }>(
    db,
    sql`with recursive ${byteWindow(keys, bytes, measuredTables, window.size)}
    select ${messageColumns(data)}, ${moreInPage}, ${blocks} as blocks,
      ${profile(sql`receiver`)} as recipient_profile,
      coalesce(${profile(sql`actor_user`)}, ${profile(sql`actor_object`)}) as actor_profile
    from ${windowedTables}
    left join users receiver on receiver.id = m.recipient
    left join users actor_user on actor_user.id = t.actor
    left join objects actor_object on ${isActor(sql`actor_object`)} order by p.n`,
  )
  return pageOfRows<FeedRow>(found, found[0]?.more ?? false, window, messageOrder)
}

export interface FeedCounts {
  total_count: number
  unread_count: number
  unseen_count: number
}

/** Over the whole feed under this filter, whatever page or engagement status was asked for. */
export async function countFeed(db: Database, filter: FeedFilter): Promise<FeedCounts> {
  const counted = { ...filter, engagement: undefined }
  const rows = await query<FeedCounts>(
    db,
    sql`select count(*)::int as total_count, (count(*) filter (where m.read_at is null))::int as unread_count,
      (count(*) filter (where m.seen_at is null))::int as unseen_count
    from ${asksTrigger(filter) ? messageTables : sql`messages m`} where ${allOf(feedConditions(counted))}`,
  )
  return rows[0]!
}

/** Most counts need the messages alone. */
function asksTrigger({ tenant, hasTenant, categories, source, workflowRunId, triggerData }: FeedFilter): boolean {
  return [tenant, hasTenant, categories, source, workflowRunId, triggerData].some((part) => part !== undefined)
}

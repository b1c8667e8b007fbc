import { sql } from 'drizzle-orm'
import { FEED_TYPE } from '../../channels/in-app-feed/feed-type.ts'
import type { ChangedMessages } from '../../events/feed-changes.ts'
import { json, query, texts, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { triggerOf } from '../ids/row-id.ts'
import { messageIdOf } from './message-list.ts'

/** A feed in which something changed, and the messages that left it. */
export interface ChangedFeed {
  recipient: string
  channelId: string
  revoked: string[]
}

/** Which feeds of these recipients such changes touch. Messages that are archived no more are not told as revoked. */
export async function changedFeeds(
  db: Database,
  changes: readonly ChangedMessages[],
  recipients: readonly string[],
): Promise<ChangedFeed[]> {
  if (changes.length === 0 || recipients.length === 0) return []
  const ranges = changes.map(({ change, from, to, number }) => ({ f: from, t: to, n: number, r: change === 'revoked' }))
  const rows = await query<{
    recipient: string
    channel_id: string
    revoked: boolean
    recipient_run_id: number
    number: number
    workflow_run_id: string
    accepted_at: string
  }>(
    db,
    sql`select m.recipient, m.channel_id, x.r and m.archived_at is not null as revoked, m.recipient_run_id, m.number,
        t.workflow_run_id, ${isoText(sql`t.accepted_at`)} as accepted_at
      from jsonb_to_recordset(${json(ranges)}) as x(f bigint, t bigint, n smallint, r boolean)
      join messages m on m.recipient_run_id between x.f and x.t and m.number = x.n
      join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
      where m.recipient = any(${texts(recipients)}) and m.channel_type = ${FEED_TYPE}`,
  )
  const feeds = new Map<string, ChangedFeed>()
  for (const row of rows) {
    const name = `${row.channel_id}:${row.recipient}`
    const feed = feeds.get(name) ?? { recipient: row.recipient, channelId: row.channel_id, revoked: [] }
    if (row.revoked) feed.revoked.push(messageIdOf(row))
    feeds.set(name, feed)
  }
  return [...feeds.values()]
}

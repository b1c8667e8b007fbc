import { sql } from 'drizzle-orm'
import { json, query, texts, type Database } from '../postgres/database.ts'
import { recipientKey, type RecipientReference } from '../ids/recipient.ts'
import type { JsonObject } from '../schema/index.ts'

/** By channel id. */
export type ChannelDataByChannel = Readonly<Record<string, JsonObject>>

export interface ChannelDataEntry {
  recipient: RecipientReference
  channels: ChannelDataByChannel
}

/** Replaces what is known of recipients at these channels; of several entries for one the last wins. In key order, so that writers never deadlock. */
export async function putChannelData(tx: Database, entries: readonly ChannelDataEntry[]): Promise<void> {
  const byKey = new Map<string, { r: string; c: string; d: JsonObject }>()
  for (const { recipient, channels } of entries) {
    const r = recipientKey(recipient)
    for (const [c, d] of Object.entries(channels)) byKey.set(`${r} ${c}`, { r, c, d })
  }
  if (byKey.size === 0) return
  await tx.execute(
    sql`insert into channel_data (recipient, channel_id, data)
        select x.r, x.c, x.d from jsonb_to_recordset(${json([...byKey.values()])}) as x(r text, c uuid, d jsonb)
        order by x.r collate "C", x.c
        on conflict (recipient, channel_id) do update set data = excluded.data, updated_at = now()
        where channel_data.data is distinct from excluded.data`,
  )
}

/** What is known of a recipient at a channel. */
export async function findChannelData(
  db: Database,
  recipient: RecipientReference,
  channelId: string,
): Promise<JsonObject | undefined> {
  const [row] = await query<{ data: JsonObject }>(
    db,
    sql`select data from channel_data where recipient = ${recipientKey(recipient)} and channel_id = ${channelId}`,
  )
  return row?.data
}

/** Answers whether there was any. */
export async function deleteChannelData(
  db: Database,
  recipient: RecipientReference,
  channelId: string,
): Promise<boolean> {
  const gone = await query(
    db,
    sql`delete from channel_data where recipient = ${recipientKey(recipient)} and channel_id = ${channelId} returning 1`,
  )
  return gone.length > 0
}

/** Forgets all that is known of a recipient at any channel. */
export async function forgetChannelData(tx: Database, recipient: RecipientReference): Promise<void> {
  await tx.execute(sql`delete from channel_data where recipient = ${recipientKey(recipient)}`)
}

/** What is known of recipients, by their keys, at these channels: `dataOf(recipient, channelId)`; of a merged user what is of the other. One statement. */
export async function loadChannelData(
  db: Database,
  recipients: readonly string[],
  channelIds: readonly string[],
): Promise<(recipient: string, channelId: string) => JsonObject | undefined> {
  if (recipients.length === 0 || channelIds.length === 0) return () => undefined
  const rows = await query<{ recipient: string; channelId: string; data: JsonObject }>(
    db,
    sql`select recipient, channel_id as "channelId", data from channel_data
        where recipient = any(${texts(recipients)}) and channel_id = any(${texts(channelIds)}::uuid[])
        union all
        select g.from_id, d.channel_id, d.data from merged_users g join channel_data d on d.recipient = g.into_id
        where g.from_id = any(${texts(recipients)}) and d.channel_id = any(${texts(channelIds)}::uuid[])`,
  )
  const found = new Map(rows.map(({ recipient, channelId, data }) => [`${recipient} ${channelId}`, data]))
  return (recipient, channelId) => found.get(`${recipient} ${channelId}`)
}

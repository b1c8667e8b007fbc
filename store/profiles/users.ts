import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { forgetChannelData, putChannelData, type ChannelDataByChannel } from './channel-data.ts'
import { forgetPreferenceSets, putPreferenceSets, type PreferenceWrites } from './preference-sets.ts'
import { forgetMerges } from './merged-users.ts'
import { upsertProperties } from './properties.ts'
import { forgetSubscriptions } from './subscriptions.ts'
import type { JsonObject } from '../schema/index.ts'

export interface User {
  id: string
  properties: JsonObject
  channelData?: ChannelDataByChannel | undefined
  preferences?: PreferenceWrites | undefined
}

/** Instants are ISO 8601. */
export interface StoredUser extends Omit<User, 'channelData' | 'preferences'> {
  created_at: string
  updated_at: string
}

/** Creates users, or lays the given properties over theirs; null clears, the last of several with one id wins. Channel data given is replaced, and so are preference sets that do not ask to be merged. Answers the keys of those whose properties changed. */
export async function upsertUsers(tx: Database, given: readonly User[]): Promise<string[]> {
  const entries = given.map(({ id, properties }) => ({ key: [id], properties }))
  const changed = await upsertProperties(tx, 'users', entries)
  await putChannelData(
    tx,
    given.flatMap(({ id, channelData }) =>
      channelData === undefined ? [] : [{ recipient: id, channels: channelData }],
    ),
  )
  await putPreferenceSets(
    tx,
    given.flatMap(({ id, preferences }) => (preferences === undefined ? [] : [{ recipient: id, sets: preferences }])),
  )
  return changed
}

/** A user who was identified; undefined if there is none, also for one known only as a recipient. */
export async function findUser(db: Database, id: string): Promise<StoredUser | undefined> {
  const rows = await query<StoredUser>(
    db,
    sql`select id, properties, ${isoText(sql`created_at`)} as created_at, ${isoText(sql`updated_at`)} as updated_at
      from users where id = ${id}`,
  )
  return rows[0]
}

/** With their channel data, preferences and subscriptions; ids that were merged into them mean nobody else any more, nor does a merged id itself. Answers whether there was one. */
export async function deleteUser(db: Database, id: string): Promise<boolean> {
  await forgetChannelData(db, id)
  await forgetPreferenceSets(db, [id])
  await forgetSubscriptions(db, [id])
  const wasMerged = await forgetMerges(db, id)
  const gone = await query(db, sql`delete from users where id = ${id} returning 1`)
  return wasMerged || gone.length > 0
}

import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { recipientKey, TENANTS } from '../ids/recipient.ts'
import { forgetChannelData, putChannelData, type ChannelDataByChannel } from './channel-data.ts'
import { profileColumns, type StoredProfile } from './stored-profile.ts'
import { forgetPreferenceSets, putPreferenceSets, type PreferenceWrites } from './preference-sets.ts'
import { upsertProperties } from './properties.ts'
import { forgetSubscriptions } from './subscriptions.ts'
import { deleteTenant, findTenant, settingsIn, upsertTenants } from './tenants.ts'
import type { JsonObject } from '../schema/index.ts'

export interface StoredObject {
  collection: string
  id: string
  properties: JsonObject
  channelData?: ChannelDataByChannel | undefined
  preferences?: PreferenceWrites | undefined
}

/** Creates objects, or lays the given properties over theirs; null clears, the last of several with one key wins. Channel data given is replaced, and so are preference sets that do not ask to be merged. Answers the keys of those whose properties changed. Objects of `$tenants` are the tenants: their `settings` are laid over theirs, as by `upsertTenants`. */
export async function upsertObjects(tx: Database, all: readonly StoredObject[]): Promise<string[]> {
  const given = all.filter(({ collection }) => collection !== TENANTS)
  const tenants = all.filter(({ collection }) => collection === TENANTS)
  await upsertTenants(tx, tenants.map(asTenant))
  const entries = given.map(({ collection, id, properties }) => ({ key: [collection, id], properties }))
  const changed = await upsertProperties(tx, 'objects', entries)
  await putChannelData(
    tx,
    given.flatMap(({ collection, id, channelData: channels }) =>
      channels === undefined ? [] : [{ recipient: { collection, id }, channels }],
    ),
  )
  await putPreferenceSets(
    tx,
    all.flatMap(({ collection, id, preferences: sets }) =>
      sets === undefined ? [] : [{ recipient: { collection, id }, sets }],
    ),
  )
  return changed
}

function asTenant({ id, properties, channelData }: StoredObject) {
  const { settings, ...own } = properties
  return { id, properties: own, settings: settingsIn(settings), channelData }
}

export interface ObjectReference {
  collection: string
  id: string
}

/** An object that was set; undefined if there is none, also for one known only as a recipient. */
export async function findObject(
  db: Database,
  { collection, id }: ObjectReference,
): Promise<StoredProfile | undefined> {
  if (collection === TENANTS) return findTenant(db, id)
  const [found] = await query<StoredProfile>(
    db,
    sql`select ${profileColumns} from objects where collection = ${collection} and id = ${id}`,
  )
  return found
}

/** With its channel data, preferences and subscriptions. Answers whether there was one. */
export async function deleteObject(tx: Database, object: ObjectReference): Promise<boolean> {
  const key = recipientKey(object)
  await forgetChannelData(tx, object)
  await forgetPreferenceSets(tx, [key])
  await forgetSubscriptions(tx, [key])
  if (object.collection === TENANTS) return deleteTenant(tx, object.id)
  const gone = await query(
    tx,
    sql`delete from objects where collection = ${object.collection} and id = ${object.id} returning 1`,
  )
  return gone.length > 0
}

import type { Database } from '../postgres/database.ts'
import { putChannelData, type ChannelDataByChannel } from './channel-data.ts'
import { putPreferenceSets, type PreferenceWrites } from './preference-sets.ts'
import { upsertProperties } from './properties.ts'
import type { JsonObject } from '../schema/index.ts'

export interface StoredObject {
  collection: string
  id: string
  properties: JsonObject
  channelData?: ChannelDataByChannel | undefined
  preferences?: PreferenceWrites | undefined
}

/** Creates objects, or lays the given properties over theirs; null clears, the last of several with one key wins. Channel data given is replaced, and so are preference sets that do not ask to be merged. Answers the keys of those whose properties changed. */
export async function upsertObjects(tx: Database, given: readonly StoredObject[]): Promise<string[]> {
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
    given.flatMap(({ collection, id, preferences: sets }) =>
      sets === undefined ? [] : [{ recipient: { collection, id }, sets }],
    ),
  )
  return changed
}

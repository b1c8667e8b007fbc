import type { Database } from '../postgres/database.ts'
import { upsertProperties } from './properties.ts'
import type { JsonObject } from '../schema/index.ts'

export interface StoredObject {
  collection: string
  id: string
  properties: JsonObject
}

/** Creates objects, or lays the given properties over theirs; null clears, the last of several with one key wins. */
export async function upsertObjects(tx: Database, given: readonly StoredObject[]): Promise<void> {
  const entries = given.map(({ collection, id, properties }) => ({ key: [collection, id], properties }))
  await upsertProperties(tx, 'objects', entries)
}

import { sql } from 'drizzle-orm'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'

/** A stored user, object or tenant. Instants are ISO 8601. */
export interface StoredProfile {
  id: string
  properties: JsonObject
  created_at: string
  updated_at: string
}

/** In SQL, of a table’s row: what a StoredProfile holds. */
export const profileColumns = sql`id, properties, ${isoText(sql`created_at`)} as created_at,
  ${isoText(sql`updated_at`)} as updated_at`

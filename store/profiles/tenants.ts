import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'
import { preferenceSetSchema, type PreferenceSet } from '../../preferences/preference-set.ts'
import { upsertProperties } from './properties.ts'
import type { JsonObject } from '../schema/index.ts'

export interface Tenant {
  id: string
  properties: JsonObject
}

/** Creates tenants, or lays the given properties over theirs; null clears, the last of several with one id wins. */
export async function upsertTenants(tx: Database, given: readonly Tenant[]): Promise<void> {
  const entries = given.map(({ id, properties }) => ({ key: [id], properties }))
  await upsertProperties(tx, 'tenants', entries)
}

/** The properties of tenants by id; one never stored is absent. */
export async function loadTenants(db: Database, ids: readonly string[]): Promise<Map<string, JsonObject>> {
  if (ids.length === 0) return new Map()
  const rows = await query<Tenant>(db, sql`select id, properties from tenants where id = any(${texts(ids)})`)
  return new Map(rows.map((row) => [row.id, row.properties]))
}

/** A tenant's `settings.preference_set`; null where there is none that can be read. */
export async function tenantPreferences(db: Database, id: string): Promise<PreferenceSet | null> {
  const [row] = await query<{ set: unknown }>(
    db,
    sql`select properties -> 'settings' -> 'preference_set' as set from tenants where id = ${id}`,
  )
  const parsed = preferenceSetSchema.safeParse(row?.set)
  return parsed.success ? parsed.data : null
}

import { sql } from 'drizzle-orm'
import { json, query, type Database } from '../postgres/database.ts'
import { upsertProperties, type PropertiesEntry } from './properties.ts'
import type { Json, JsonObject } from '../schema/index.ts'

/** In the order in which everybody who writes several writes them. */
export const profileTables = ['users', 'objects', 'tenants'] as const
export type ProfileTable = (typeof profileTables)[number]

const columns = { users: 'id', tenants: 'id', objects: 'collection, id' } as const

/**
 * Lays properties over those already stored, at every depth: objects are merged, anything else replaces, null clears. Who is
 * not there is made. Entries of one key apply in their order. Answers as `upsertProperties`, and throws
 * ProfileTooLargeError.
 */
export async function mergeProperties(
  tx: Database,
  table: ProfileTable,
  entries: readonly PropertiesEntry[],
): Promise<string[]> {
  if (entries.length === 0) return []
  const stored = await lockProperties(tx, table, entries)
  const given = new Map<string, PropertiesEntry>()
  for (const { key, properties } of entries) {
    const name = JSON.stringify(key)
    const before = stored.get(name) ?? {}
    const merged = Object.keys(properties).map(
      (field) => [field, mergedOver(before[field], properties[field]!)] as const,
    )
    const changed = Object.fromEntries(merged)
    stored.set(name, { ...before, ...changed })
    given.set(name, { key, properties: { ...given.get(name)?.properties, ...changed } })
  }
  return upsertProperties(tx, table, [...given.values()])
}

async function lockProperties(
  tx: Database,
  table: ProfileTable,
  entries: readonly PropertiesEntry[],
): Promise<Map<string, JsonObject>> {
  const key = sql.raw(columns[table])
  const values = table === 'objects' ? sql`k->>0, k->>1` : sql`k->>0`
  const keys = entries.map((entry) => entry.key)
  const rows = await query<{ key: string[]; properties: JsonObject }>(
    tx,
    sql`select json_build_array(${key}) as key, properties from ${sql.raw(table)}
        where (${key}) in (select ${values} from jsonb_array_elements(${json(keys)}) k)
        order by ${key} for update`,
  )
  return new Map(rows.map((row) => [JSON.stringify(row.key), row.properties]))
}

function mergedOver(before: Json | undefined, given: Json): Json {
  if (!isObject(given)) return given
  const merged = { ...(isObject(before) ? before : {}) }
  for (const [name, value] of Object.entries(given)) {
    if (value === null) Reflect.deleteProperty(merged, name)
    else merged[name] = mergedOver(merged[name], value)
  }
  return merged
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

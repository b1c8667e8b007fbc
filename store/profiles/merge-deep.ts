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
  const made = await lockAll(tx, table, entries)
  const stored = await propertiesOf(tx, table, entries)
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
  return [...new Set([...made, ...(await upsertProperties(tx, table, [...given.values()]))])]
}

/**
 * Locks these rows, those that are not there made, empty: of two who make the same one, the second must see what the first
 * laid. One statement, in the order of `upsertProperties`, so that none is held before those that come first. Answers the
 * keys of those that were made, as that does.
 */
async function lockAll(tx: Database, table: ProfileTable, entries: readonly PropertiesEntry[]): Promise<string[]> {
  const ids = new Map(entries.map(({ key }) => [key.join('#'), key]))
  const keys = [...ids].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key)
  const values = sql.raw(table === 'objects' ? 'k->>0, k->>1' : 'k->>0')
  const key = sql.raw(columns[table])
  // On a conflict the row is locked, and not written.
  const made = await query<{ key: string[] }>(
    tx,
    sql`insert into ${sql.raw(table)} as stored (${key}, properties)
        select ${values}, '{}' from jsonb_array_elements(${json(keys)}) as k
        on conflict (${key}) do update set properties = stored.properties where false
        returning json_build_array(${key}) as key`,
  )
  return made.map((row) => row.key.join('#'))
}

async function propertiesOf(
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
        where (${key}) in (select ${values} from jsonb_array_elements(${json(keys)}) k)`,
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

import { sql } from 'drizzle-orm'
import { json, query, type Database } from '../postgres/database.ts'
import type { Json, JsonObject } from '../schema/index.ts'
import { ProfileTooLargeError } from './too-large.ts'

/** Of one user, object or tenant, as JSON. */
export const MAX_PROPERTIES_BYTES = 262_144

/** `key` holds the values of the table's key columns. */
export interface PropertiesEntry {
  key: string[]
  properties: JsonObject
}

const keyColumns = { users: ['id'], tenants: ['id'], objects: ['collection', 'id'] } as const

/**
 * Lays properties over those already stored, top level only; null clears. Entries of one key are merged in their order
 * first. One statement, in key order, so that writers of the same rows wait for each other and never deadlock; a row
 * that would not change is not written. Answers the keys of those that were, with # between their columns.
 */
export async function upsertProperties(
  tx: Database,
  table: keyof typeof keyColumns,
  entries: readonly PropertiesEntry[],
): Promise<string[]> {
  if (entries.length === 0) return []
  const rows = mergeByKey(entries).map(([id, { key, properties }]) => ({ id, key, ...splitNulls(properties) }))
  const clearedById = Object.fromEntries(
    rows.filter((row) => row.cleared.length > 0).map((row) => [row.id, row.cleared]),
  )
  const columns = keyColumns[table]
  const keyList = sql.raw(columns.join(', '))
  const keyValues = sql.raw(columns.map((_column, i) => `entry->'key'->>${i}`).join(', '))
  const id = sql.raw(columns.map((column) => `stored.${column}`).join(` || '#' || `))
  const merged = sql`(stored.properties || excluded.properties)
    - array(select jsonb_array_elements_text(${json(clearedById)} -> (${id})))`
  const written = await query<{ id: string; large: string | null }>(
    tx,
    sql`insert into ${sql.raw(table)} as stored (${keyList}, properties)
      select ${keyValues}, entry->'set' from jsonb_array_elements(${json(rows)}) as entry
      on conflict (${keyList}) do update set properties = ${merged}, updated_at = now()
      where stored.properties is distinct from ${merged}
      returning ${id} as id,
        case when octet_length(stored.properties::text) > ${MAX_PROPERTIES_BYTES} then stored.properties::text end as large`,
  )
  const tooLarge = written.filter(({ large }) => large !== null && sizeOf(large) > MAX_PROPERTIES_BYTES)
  if (tooLarge.length > 0) {
    const ids = tooLarge.map((row) => row.id)
    throw new ProfileTooLargeError('properties', `${MAX_PROPERTIES_BYTES} bytes of properties`, ids)
  }
  return written.map((row) => row.id)
}

/** As JSON without blanks, as a request is measured: Postgres writes one behind each colon and comma. */
function sizeOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(JSON.parse(text)))
}

function mergeByKey(entries: readonly PropertiesEntry[]): [string, PropertiesEntry][] {
  const merged = new Map<string, PropertiesEntry>()
  for (const { key, properties } of entries) {
    const id = key.join('#')
    merged.set(id, { key, properties: { ...merged.get(id)?.properties, ...properties } })
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1))
}

function splitNulls(properties: JsonObject): { set: JsonObject; cleared: string[] } {
  const set: [string, Json][] = []
  const cleared: string[] = []
  for (const [name, value] of Object.entries(properties)) {
    if (value === null) cleared.push(name)
    else set.push([name, value])
  }
  return { set: Object.fromEntries(set), cleared }
}

import { sql } from 'drizzle-orm'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { query, type Database } from '../postgres/database.ts'
import { loadDefinitions } from './definitions.ts'

/** The version of a key that new triggers start with, and whether it takes any; null for a key that never was. */
export async function findCurrent(
  db: Database,
  key: string,
): Promise<{ version: DefinitionVersion; active: boolean } | null> {
  const [row] = await query<{ hash: string; active: boolean }>(
    db,
    sql`select hash, active and not archived as active from current_definitions where key = ${key}`,
  )
  const version = row === undefined ? undefined : (await loadDefinitions(db, [row.hash])).get(row.hash)
  return row === undefined || version === undefined ? null : { version, active: row.active }
}

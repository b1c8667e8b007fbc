import { sql } from 'drizzle-orm'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { query, texts, type Database } from '../postgres/database.ts'
import { loadDefinitions } from './definitions.ts'

/** Versions of one key that are looked at. */
const MOST = 20

/** The versions of each key: the current one, then the others from the newest on, twenty at most. */
export async function loadNewest(db: Database, keys: readonly string[]): Promise<Map<string, DefinitionVersion[]>> {
  const rows = await query<{ key: string; hash: string }>(
    db,
    sql`select key, hash from (
          select d.key, d.hash, row_number() over (partition by d.key
            order by c.hash = d.hash desc nulls last, d.created_at desc, d.hash) as place
          from definitions d left join current_definitions c on c.key = d.key
          where d.key = any(${texts(keys)})
        ) v where place <= ${MOST} order by key, place`,
  )
  const known = await loadDefinitions(db, [...new Set(rows.map(({ hash }) => hash))])
  const byKey = new Map<string, DefinitionVersion[]>()
  for (const { key, hash } of rows) byKey.set(key, [...(byKey.get(key) ?? []), known.get(hash)!])
  return byKey
}

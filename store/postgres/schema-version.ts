import { sql, type SQL } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { fileURLToPath } from 'node:url'
import { sqlState } from './store-error.ts'

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/**
 * `old`: migrations of this version are missing. A store that a newer version has migrated is `current`. `read_only`: a
 * standby, or what was the primary before a failover. `full`: its disk takes no more rows (disk-watch.ts).
 */
export type SchemaState = 'current' | 'missing' | 'old' | 'read_only' | 'full'

let latest: number | undefined

/** Whether the tables that this version needs are there. Rejects with a StoreError when the store does not answer. */
export async function schemaState(db: {
  execute(statement: SQL): PromiseLike<unknown>
}): Promise<Exclude<SchemaState, 'full'>> {
  latest ??= Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis))
  try {
    const result = await db.execute(
      sql`select max(created_at)::float8 as latest, to_regclass('runs') is not null as "hasRuns",
        current_setting('transaction_read_only') = 'on' as "isReadOnly" from drizzle.__drizzle_migrations`,
    )
    const [row] = (result as { rows: { latest: number | null; hasRuns: boolean; isReadOnly: boolean }[] }).rows
    if (row?.hasRuns !== true || row.latest === null) return 'missing'
    if (row.isReadOnly) return 'read_only'
    return row.latest >= latest ? 'current' : 'old'
  } catch (error) {
    const state = sqlState(error)
    if (state === '42P01' || state === '3F000') return 'missing'
    throw error
  }
}

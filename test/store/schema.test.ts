import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { is, sql } from 'drizzle-orm'
import { getTableConfig, PgTable, text, type PgColumn } from 'drizzle-orm/pg-core'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { migrationsFolder } from '../../store/postgres/schema-version.ts'
import * as schema from '../../store/schema/index.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

/** The statements of the migration that is missing. */
async function missing(imports: Record<string, unknown>): Promise<string[]> {
  const folder = join(migrationsFolder, 'meta')
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'))
  const { entries } = read('_journal.json') as { entries: { idx: number }[] }
  const last = read(`${String(entries.at(-1)!.idx).padStart(4, '0')}_snapshot.json`) as { id: string }
  return generateMigration(last, generateDrizzleJson(imports, last.id) as never)
}

test('no change of the schema is without its migration', async () => {
  assert.deepEqual(await missing(schema), [], 'npm run migrations')
  const { pgTable } = await import('drizzle-orm/pg-core')
  const more = await missing({ ...schema, added: pgTable('added', { name: text('name') }) })
  assert.match(more.join(), /CREATE TABLE "added"/)
})

interface Column {
  table: string
  name: string
  type: string
  notNull: boolean
}

test('a migrated database has the tables and columns of the schema, of its types', async (t) => {
  const database = await testPostgres()
  const store = openPostgres(database.url)
  t.after(async () => {
    await store.close()
    await database.drop()
  })
  await store.migrate()
  const found = await query<Column>(
    store.db,
    sql`select c.relname as table, a.attname as name,
          format_type(a.atttypid, a.atttypmod) || case when l.collname = 'C' then ' collate "C"' else '' end as type, a.attnotnull as "notNull"
        from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_collation l on l.oid = a.attcollation
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
        order by c.relname collate "C", a.attname collate "C"`,
  )
  const tables = Object.values(schema).filter((each) => is(each, PgTable))
  const declared = tables.flatMap((table) => {
    const { name, columns, primaryKeys } = getTableConfig(table)
    const keyed = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)))
    return columns.map((column): Column => {
      const notNull = column.notNull || column.primary || keyed.has(column.name)
      return { table: name, name: column.name, type: typeOf(column), notNull }
    })
  })
  const order = (one: Column, other: Column) => {
    const [a, b] = [`${one.table} ${one.name}`, `${other.table} ${other.name}`]
    return a < b ? -1 : a > b ? 1 : 0
  }
  assert.deepEqual(found.sort(order), declared.sort(order))
})

/** As Postgres writes it out. */
function typeOf(column: PgColumn): string {
  return column.getSQLType().replace('bigserial', 'bigint').replace('timestamp (', 'timestamp(')
}

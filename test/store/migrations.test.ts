import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { migrateTables } from '../../store/postgres/migrate.ts'
import { migrationsFolder } from '../../store/postgres/schema-version.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

/** What the version before cannot work with, or what stands in everybody's way for as long as a table is large. */
const refused: [rule: string, pattern: RegExp][] = [
  ['drops nothing the version before reads', /\bDROP (TABLE|COLUMN|TYPE|VIEW|SEQUENCE|FUNCTION)\b/i],
  ['drops nothing the version before writes by', /\bDROP (DEFAULT|CONSTRAINT|INDEX)\b/i],
  ['renames nothing', /\bRENAME (TO|COLUMN)\b/i],
  ['changes no type, which rewrites the table', /\bALTER COLUMN\b.*\bTYPE\b/i],
  ['adds no NOT NULL to what is there', /\bSET NOT NULL\b/i],
  ['adds no column that the version before would have to fill', /\bADD COLUMN\b(?!.*\bDEFAULT\b).*\bNOT NULL\b/i],
  ['adds no constraint that is checked at once', /\bADD CONSTRAINT\b(?!.*\bNOT VALID\b)/i],
  ['adds no constraint with a column', /\bADD COLUMN\b.*\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b/i],
  ['adds no column that is computed row by row', /\bADD COLUMN\b.*(\bGENERATED\b|\bDEFAULT [\w.]+ ?\()/i],
  ['writes no rows that are there, whose locks last as long', /^\s*(UPDATE|DELETE)\b/i],
]
/** Made before there was a release, so nobody has served while they ran. */
const BEFORE_RELEASE = '0019'

/** What is wrong with a migration's text; an index is allowed on a table that the same file makes. */
function faultsOf(text: string): string[] {
  const statements = text.split('--> statement-breakpoint')
  const made = new Set([...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?"(\w+)"/gi)].map(([, name]) => name))
  return statements.flatMap((written) => {
    const statement = written.replace(/--.*/g, '').replace(/\s+/g, ' ')
    const on = /CREATE (?:UNIQUE )?INDEX\b.*?\bON "(\w+)"/i.exec(statement)?.[1]
    const table = /ALTER TABLE "(\w+)"/i.exec(statement)?.[1]
    if (table !== undefined && made.has(table)) return []
    return [
      ...refused.filter(([, pattern]) => pattern.test(statement)).map(([rule]) => rule),
      ...(on !== undefined && !made.has(on) ? ['makes no index on a table that is there: writes would wait'] : []),
    ]
  })
}

test('each migration leaves the version before able to serve, during and after it', () => {
  const files = readdirSync(migrationsFolder).filter(
    (name) => name.endsWith('.sql') && name.slice(0, 4) > BEFORE_RELEASE,
  )
  for (const file of files) assert.deepEqual(faultsOf(readFileSync(join(migrationsFolder, file), 'utf8')), [], file)
  const wrong = [
    'ALTER TABLE "runs" DROP COLUMN "one"',
    'ALTER TABLE "runs" RENAME COLUMN "one" TO "two"',
    'ALTER TABLE "runs" ALTER COLUMN "one" SET DATA TYPE text',
    'ALTER TABLE "runs" ADD COLUMN "one" text NOT NULL',
    'ALTER TABLE "runs" ADD CONSTRAINT "one" UNIQUE("two")',
    'CREATE INDEX "one" ON "messages" USING btree ("two")',
    'ALTER TABLE "runs"\n  ALTER COLUMN "one"\n  TYPE text',
    'ALTER TABLE "runs" ALTER COLUMN "one" DROP DEFAULT',
    'ALTER TABLE "runs" DROP CONSTRAINT "one"',
    'DROP INDEX "one"',
    'ALTER TABLE "runs" ADD COLUMN "one" text UNIQUE',
    'ALTER TABLE "runs" ADD COLUMN "one" uuid DEFAULT gen_random_uuid()',
    'ALTER TABLE "runs" ADD COLUMN "one" text GENERATED ALWAYS AS ("two" || \'\') STORED',
    'UPDATE "runs" SET "one" = 1',
  ]
  for (const statement of wrong) assert.equal(faultsOf(statement).length, 1, statement)
  assert.deepEqual(faultsOf('ALTER TABLE "runs" ADD COLUMN "one" integer DEFAULT 0 NOT NULL'), [])
  assert.deepEqual(
    faultsOf('CREATE TABLE "new" ("one" int);--> statement-breakpoint\nCREATE INDEX "i" ON "new" USING btree ("one")'),
    [],
  )
})

/** The migrations there are, and one more. */
function withOneMore(statement: string): string {
  const folder = temporaryFolder()
  cpSync(migrationsFolder, folder, { recursive: true })
  const file = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: { idx: number; when: number; tag: string }[] }
  const last = journal.entries.at(-1)!
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: '9999_next' })
  writeFileSync(file, JSON.stringify(journal))
  writeFileSync(join(folder, '9999_next.sql'), statement)
  return folder
}

test('where the database refuses a migration, it says why and what to do, and leaves nothing of it', async (t) => {
  const database = await testPostgres()
  const client = new pg.Client({ connectionString: database.url })
  t.after(async () => {
    await client.end()
    await database.drop()
  })
  await client.connect()
  // Somebody else's.
  await client.query(`create type message_status as enum ('new')`)
  await assert.rejects(migrateTables(client, migrationsFolder), {
    name: 'SettingsError',
    message: /^DATABASE_URL: .*"message_status" already exists \(SQLSTATE 42710\)\. .*database of its own/,
  })
  const { rows } = await client.query(`select 1 from pg_tables where schemaname in ('public', 'drizzle')`)
  assert.deepEqual(rows, [])
})

test('while a table is held, a migration lets the others by, and is carried out once it is free', async (t) => {
  const database = await testPostgres()
  const old = openPostgres(database.url)
  const [migrator, holder] = [database.url, database.url].map((url) => new pg.Client({ connectionString: url }))
  t.after(async () => {
    await old.close()
    await Promise.all([migrator!.end(), holder!.end()])
    await database.drop()
  })
  await old.migrate()
  await Promise.all([migrator!.connect(), holder!.connect()])
  // Somebody reads, and does not end for eight seconds.
  await holder!.query('begin')
  await holder!.query('select count(*) from triggers')
  const migration = withOneMore('ALTER TABLE "triggers" ADD COLUMN "next" text')
  let isDone = false
  const migrated = migrateTables(migrator!, migration).then(() => (isDone = true))
  let longest = 0
  const began = performance.now()
  while (performance.now() - began < 8_000) {
    const from = performance.now()
    await query(old.db, sql`select count(*) from triggers`)
    longest = Math.max(longest, performance.now() - from)
    await wait(20)
  }
  assert.equal(isDone, false)
  // Without its giving way they would have waited for as long as the table was held.
  assert.ok(longest < 7_000, `a read waited for ${longest} ms`)
  await holder!.query('commit')
  await migrated
  // The version before goes on with what it finds.
  assert.equal(await old.schema(), 'current')
  await query(old.db, sql`select next from triggers`)
  await migrateTables(migrator!, migration)
})

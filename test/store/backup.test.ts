import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backup, BackupError, restore } from '../../store/backup/backup.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { query, type Database } from '../../store/postgres/database.ts'
import { accept, cancel } from '../../testing/fixtures/recipient-runs.ts'
import { invite as version } from '../../testing/fixtures/row-states.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

async function linesOf(db: Database): Promise<string[]> {
  const lines: string[] = []
  await backup(
    db,
    (line) => {
      lines.push(line)
      return Promise.resolve()
    },
    0,
  )
  return lines
}

async function* given(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line)
}

/** Without what a restore changes: epoch and sequences. */
const rowsIn = (lines: readonly string[]) => lines.slice(1).filter((line) => !line.startsWith('{"table":"environment"'))

const TEXTS = [
  '',
  ' ',
  'null',
  'a,b',
  '"quoted"',
  '(a)',
  '{}',
  'back\\slash',
  'line\nbreak',
  '\t',
  'é 🎉',
  "it's",
  '\\N',
]

async function fill(db: Database): Promise<void> {
  await accept(db, version, 'order', ['ada', 'bob'])
  await cancel(db, version, 'order', { recipients: ['bob'] })
  for (const text of TEXTS) {
    const properties = { name: text, deep: [null, { [text]: 0.1 }], big: 1e300 }
    await db.execute(
      sql`insert into users (id, properties, updated_at) values (${`u${text}`}, ${JSON.stringify(properties)}::text::jsonb, now())`,
    )
  }
  // More than one page, of rows of very different sizes.
  await db.execute(
    sql`insert into users (id, properties, updated_at)
        select 'n' || n, jsonb_build_object('text', repeat('x', case when n % 100 = 0 then 1500000 else 10 end)), now()
        from generate_series(1, 1200) n`,
  )
}

onEachStore(catalogOf(version), (store) => {
  test('a backup restored elsewhere is the same to the byte, and the store gives out no id twice', async (t) => {
    const db = store()
    await fill(db)
    const { id, epoch } = await storeIdentity(db)
    const lines = await linesOf(db)
    const [largest] = lines.map(({ length }) => length).sort((a, b) => b - a)
    assert.ok(largest! < 8_000_000, `a line of ${largest} characters`)

    const other = await testPglite()
    t.after(() => other.close())
    await other.migrate()
    await restore(other.db, given(lines))
    assert.deepEqual(rowsIn(await linesOf(other.db)), rowsIn(lines))
    assert.deepEqual(await storeIdentity(other.db), { id, epoch: epoch + 1 })
    const next = (from: Database) =>
      query<{ id: number }>(from, sql`select nextval('triggers_id_seq')::float8 as id`).then(([row]) => row!.id)
    assert.ok((await next(other.db)) > (await next(db)) + 1_000_000)

    // Over what is there only if that is asked for, and then in its place.
    await assert.rejects(restore(other.db, given(lines)), /the database is not empty: the table .*--replace/)
    await other.db.execute(sql`delete from users where id like 'n%'`)
    await restore(other.db, given(lines), { replace: true })
    assert.deepEqual(rowsIn(await linesOf(other.db)), rowsIn(lines))
  })

  test('a backup that is cut off, damaged, or of other tables leaves the store as it was', async () => {
    const db = store()
    const lines = await linesOf(db)
    const [header, ...others] = lines
    const older = { ...(JSON.parse(header!) as object), migration: 1_700_000_000_000 }
    const bad: [string[], RegExp][] = [
      [[], /cut off/],
      [['no json'], /no JSON/],
      [['{}'], /no backup/],
      [lines.slice(0, -1), /cut off/],
      [[header!, ...others.slice(1)], /damaged: \d+ of its \d+ rows/],
      [[header!, '{"table":"pg_class","rows":[]}'], /damaged/],
      [[JSON.stringify(older), ...others], /another version of Belay/],
    ]
    for (const [damaged, why] of bad) {
      await assert.rejects(restore(db, given(damaged), { replace: true }), (error) => {
        assert.ok(error instanceof BackupError)
        assert.match(error.message, why)
        return true
      })
    }
    assert.deepEqual(rowsIn(await linesOf(db)), rowsIn(lines))
  })
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { openPostgres } from '../../store/postgres/database.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { differences } from '../../testing/statements/compare-rows.ts'
import { Describer } from '../../testing/statements/described.ts'
import { typedQueries } from '../../testing/statements/typed-queries.ts'

/** Columns that may hold null in their table, and never do in these rows. */
const neverNull = new Map([
  ['store/batches/load-activities.ts "actor" may be null', 'of those that have one'],
  ['store/batches/lock-batches.ts "carrier" may be null', 'joined with its carrier'],
  ['store/messages/receipts.ts "externalId" may be null', 'of those that have one'],
])

const { checker, queries } = typedQueries()
let database: TestDatabase
before(async () => {
  database = await testPostgres()
  const store = openPostgres(database.url)
  await store.migrate()
  await store.close()
})
after(() => database.drop())

/** What does not agree with the database at `url`: the file, and in what. Each statement is described, none is run. */
async function faultsAt(url: string): Promise<string[]> {
  const describer = await Describer.open(url)
  const faults = new Set<string>()
  for (const { file, row, texts } of queries) {
    for (const text of texts) {
      const found = await describer.describe(text).then(
        (columns) => differences(checker, row, columns, describer.labels),
        (error: unknown) => [`${(error as Error).message} in ${text}`],
      )
      for (const fault of found) faults.add(`${file} ${fault}`)
    }
  }
  await describer.close()
  return [...faults].sort()
}

test('every row that hand-written SQL answers is declared as the database describes it', async () => {
  assert.ok(queries.length > 150, `${queries.length} statements were found`)
  assert.deepEqual(await faultsAt(database.url), [...neverNull.keys()])
})

test('a column that is renamed, has another type or may be null all at once shows where it is read', async (t) => {
  const changed = await database.copy()
  t.after(() => changed.drop())
  const store = openPostgres(changed.url)
  await store.db.execute(sql`alter table channels rename column created_at to made_at`)
  await store.db.execute(sql`alter table subscriptions alter column properties type text`)
  await store.db.execute(sql`alter table api_keys alter column hint drop not null`)
  await store.close()
  const faults = (await faultsAt(changed.url)).filter((fault) => !neverNull.has(fault))
  for (const expected of [
    /^store\/catalog\/channel-times\.ts column "created_at" does not exist/,
    /^store\/profiles\/subscriptions\.ts "properties" is declared as/,
    /^store\/api-keys\/api-keys\.ts "hint" may be null/,
  ])
    assert.ok(
      faults.some((fault) => expected.test(fault)),
      `${expected} in ${faults.join('\n')}`,
    )
})

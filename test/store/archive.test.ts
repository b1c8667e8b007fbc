import { inArray, sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { openPostgres, query, type Store } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { messages } from '../../store/schema/index.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { accept, cancel, walk } from '../../testing/fixtures/recipient-runs.ts'
import { until } from '../../testing/fixtures/until.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'feed_again'])

let database: TestDatabase
let store: Store
before(async () => {
  database = await testPostgres()
  store = openPostgres(database.url)
  await store.migrate()
  await publishCatalog(store.db, catalogOf(version))
})
after(async () => {
  await store.close()
  await database.drop()
})

test('archive_sent locks messages in the order in which a feed’s reader does, however they lie in the table', async () => {
  const { db } = store
  const { rows } = await accept(db, version, 'key', ['ada', 'bob'])
  // Written the other way round.
  for (const row of [...rows].reverse()) await walk(db, version, row, 2)
  const reader = new pg.Client({ connectionString: database.url })
  await reader.connect()
  const lock = (row: number) =>
    reader.query('select 1 from messages where recipient_run_id = $1 order by number for update nowait', [row])
  try {
    await reader.query('begin')
    await lock(rows[0]!)
    const canceled = cancel(db, version, 'key', { archiveSent: true })
    await until('the cancel waits for the reader', async () => {
      const waiting = await query(
        db,
        sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return waiting.length > 0
    })
    // The reader goes on to the next: were it locked, each would wait for the other.
    await lock(rows[1]!)
    await reader.query('commit')
    assert.equal((await canceled).verdict.archived.length, 4)
  } finally {
    await reader.end()
  }
  const stored = await db.select().from(messages).where(inArray(messages.recipientRunId, rows))
  assert.ok(stored.every(({ archivedAt }) => archivedAt !== null))
})

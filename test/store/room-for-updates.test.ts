import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { accept } from '../../testing/fixtures/recipient-runs.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const MANY = 2_000

test('recipient runs that walk on are written beside what they were: their indexes are not touched', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  // What a connection counts it tells later: of one connection it can be asked for.
  const store = openPostgres(database.url, { connections: 1 })
  t.after(() => store.close())
  const { db } = store
  await store.migrate()
  const catalog = await catalogOfFiles({ many: { steps: [feedStep('feed', 'Hi')] } })
  await publishCatalog(db, catalog)
  const recipients = Array.from({ length: MANY }, (_, n) => `person-${n}`)
  const { workflowId, rows } = await accept(db, catalog.definitions.get('many')!, 'key', recipients)
  await new TestWorker(db).advance(workflowId, rows)
  await db.execute(sql`select pg_stat_force_next_flush()`)
  const [counted] = await query<{ updated: number; beside: number }>(
    db,
    sql`select n_tup_upd::float8 as updated, n_tup_hot_upd::float8 as beside from pg_stat_user_tables
        where relname = 'recipient_runs'`,
  )
  assert.equal(counted?.updated, MANY)
  assert.ok(counted.beside >= 0.95 * MANY, `${counted.beside} of ${MANY}`)
})

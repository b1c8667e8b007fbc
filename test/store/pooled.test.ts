import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openPostgres, query, transaction, type Store } from '../../store/postgres/database.ts'
import { openReachablePostgres } from '../../store/postgres/reachable.ts'
import { prepared } from '../../store/postgres/statement.ts'
import { StoreError } from '../../store/postgres/store-error.ts'
import { until } from '../../testing/fixtures/until.ts'
import { pgbouncerVersion, startPgbouncer } from '../../testing/servers/pgbouncer.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const skip = pgbouncerVersion() === undefined && 'PgBouncer is not installed'

async function lab(t: TestContext) {
  const database = await testPostgres()
  const bouncer = await startPgbouncer(database.url)
  const stores: Store[] = []
  t.after(async () => {
    for (const store of stores) await store.close()
    await bouncer.close()
    await database.drop()
  })
  t.diagnostic(`PgBouncer ${bouncer.version}`)
  const open = (listenUrl?: string) => {
    const store = openPostgres(bouncer.url, { pooled: true, listenUrl })
    stores.push(store)
    return store
  }
  return { database, bouncer, open }
}

test('behind a pooler in transaction mode tables are made, by several at once', { skip }, async (t) => {
  const { open } = await lab(t)
  const stores = [open(), open(), open()]
  await Promise.all(stores.map((store) => store.migrate()))
  assert.equal(await stores[0]!.schema(), 'current')
  // Nobody holds what a session would keep.
  const [locks] = await query<{ count: number }>(
    stores[0]!.db,
    sql`select count(*)::int as count from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = current_database()`,
  )
  assert.equal(locks!.count, 0)
})

test('statements with a name are run without it, on whichever connection comes', { skip }, async (t) => {
  const { open } = await lab(t)
  const { db } = open()
  await query(db, sql`create table written (one int)`)
  const write = (n: number) => query(db, prepared('test.write', sql`insert into written (one) values (${n})`))
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(Array.from({ length: 15 }, (_, n) => write(n)))
  }
  const [row] = await query<{ count: number }>(db, sql`select count(*)::int as count from written`)
  assert.equal(row!.count, 300)
  const [kept] = await query<{ count: number }>(db, sql`select count(*)::int as count from pg_prepared_statements`)
  assert.equal(kept!.count, 0)
})

test('a transaction has its timeouts, and leaves none to who comes next', { skip }, async (t) => {
  const { open } = await lab(t)
  const { db } = open()
  const timeouts = sql`select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
    current_setting('idle_in_transaction_session_timeout') as idle, current_setting('jit') as jit`
  for (let n = 0; n < 5; n += 1) {
    const [inside] = await transaction(db, (tx) => query(tx, timeouts))
    assert.deepEqual(inside, { statement: '15s', lock: '10s', idle: '20s', jit: 'off' })
    const [outside] = await query<{ statement: string; lock: string }>(db, timeouts)
    assert.deepEqual([outside!.statement, outside!.lock], ['0', '0'])
  }
})

test(
  'LISTEN is heard past the pooler; without an address for that it is asked every few seconds',
  { skip },
  async (t) => {
    const { database, open } = await lab(t)
    const told: string[] = []
    let missed = 0
    const store = open(database.url)
    const listening = await store.listen('test', {
      told: (payload) => void told.push(payload),
      missed: () => undefined,
    })
    const deaf = await open().listen('test', { told: () => undefined, missed: () => void (missed += 1) })
    await until('it is told', async () => {
      await query(store.db, sql`select pg_notify('test', 'hello')`)
      return told.includes('hello')
    })
    await until('it is asked', () => missed > 0)
    await listening.close()
    await deaf.close()
  },
)

test('a pooler that refuses the options is told apart from a store that is away', { skip }, async (t) => {
  const { bouncer } = await lab(t)
  await assert.rejects(openReachablePostgres(bouncer.url), /BELAY_DATABASE_POOLED=true/)
  const warned: unknown[] = []
  const log = { warn: (...given: unknown[]) => void warned.push(given) }
  const store = await openReachablePostgres(bouncer.url, { pooled: true, log })
  assert.match(JSON.stringify(warned), /no statement_timeout: ALTER ROLE/)
  await assert.rejects(query(store.db, sql`select nothing`), StoreError)
  await store.close()
})

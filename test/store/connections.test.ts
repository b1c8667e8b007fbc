import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openPostgres, query, transaction, type Store } from '../../store/postgres/database.ts'
import type { PoolOptions } from '../../store/postgres/pool.ts'
import { StoreError, type StoreFault } from '../../store/postgres/store-error.ts'
import { until } from '../../testing/fixtures/until.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { proxyTo, type Proxy } from '../../testing/servers/proxy.ts'

interface Lab {
  store: Store
  /** A store of its own, past the proxy. */
  direct: Store
  proxy: Proxy
  url: string
}

async function lab(t: { after(close: () => unknown): void }, options: PoolOptions = {}): Promise<Lab> {
  const database = await testPostgres()
  const url = new URL(database.url)
  const proxy = await proxyTo(Number(url.port))
  url.port = String(proxy.port)
  const store = openPostgres(url.href, options)
  const direct = openPostgres(database.url)
  t.after(async () => {
    await store.close()
    await direct.close()
    await proxy.close()
    await database.drop()
  })
  await direct.migrate()
  return { store, direct, proxy, url: database.url }
}

const select = ({ db }: Store) => query<{ one: number }>(db, sql`select 1 as one`)

/** Runs it and answers the fault it failed with, or undefined. */
async function faultOf(work: () => Promise<unknown>): Promise<StoreFault | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error))
    return error.fault
  }
}

test('connections cut three times a second for ten seconds: what fails says so, no slot is lost, and all is well at once after', async (t) => {
  const { store, direct } = await lab(t, { connections: 10 })
  await query(direct.db, sql`create table written (one int)`)
  let over = false
  let passed = 0
  const faults = new Set<StoreFault>()
  const work = async () => {
    while (!over) {
      const fault = await faultOf(() =>
        transaction(store.db, async (tx) => {
          await query(tx, sql`select pg_sleep(0.02)`)
          await query(tx, sql`insert into written values (1)`)
        }),
      )
      if (fault === undefined) passed += 1
      else faults.add(fault)
    }
  }
  const workers = Array.from({ length: 20 }, work)
  for (let cut = 0; cut < 30; cut += 1) {
    await wait(333)
    await query(
      direct.db,
      sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    )
  }
  over = true
  await Promise.all(workers)
  assert.ok(passed > 100, `${passed} passed`)
  assert.deepEqual([...faults], ['unavailable'])
  const [row] = await query<{ count: number }>(direct.db, sql`select count(*) from written`)
  assert.ok(row!.count >= passed, `${passed} were told that they had written, ${row!.count} had`)
  // Each of the ten slots still works.
  await Promise.all(Array.from({ length: 10 }, () => query(store.db, sql`select pg_sleep(0.2)`)))
})

test('a host that vanishes without a reset holds a connection until the deadline of its statement, and no longer', async (t) => {
  const { store, direct, proxy } = await lab(t, { connections: 5, statementMs: 2_500, transactionMs: 5_000 })
  await Promise.all(Array.from({ length: 5 }, () => query(store.db, sql`select pg_sleep(0.1)`)))
  const slow = Array.from({ length: 5 }, () => faultOf(() => query(store.db, sql`select pg_sleep(60)`)))
  const underWay = sql`select pid from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`
  await until('all are under way', async () => (await query(direct.db, underWay)).length === 5)
  proxy.silence()
  const began = performance.now()
  assert.deepEqual([...new Set(await Promise.all(slow))], ['unavailable'])
  assert.ok(performance.now() - began < 30_000)
  await Promise.all(Array.from({ length: 5 }, () => query(store.db, sql`select pg_sleep(0.1)`)))
})

test('a transaction has a deadline, too, whatever its statements do', async (t) => {
  const { store } = await lab(t, { connections: 1, statementMs: 10_000, transactionMs: 1_000 })
  const began = performance.now()
  const fault = await faultOf(() =>
    transaction(store.db, async (tx) => {
      while (performance.now() - began < 60_000) await query(tx, sql`select pg_sleep(0.05)`)
    }),
  )
  assert.equal(fault, 'unavailable')
  assert.ok(performance.now() - began < 30_000)
  assert.equal((await select(store)).length, 1)
})

test('a connection that breaks while it is checked out, or idle, ends no process', async (t) => {
  const lines: unknown[] = []
  const { store, proxy } = await lab(t, { log: { warn: (line: unknown) => void lines.push(line) } })
  const inside = faultOf(() =>
    transaction(store.db, async (tx) => {
      await query(tx, sql`select 1`)
      proxy.cut()
      await wait(200)
      await query(tx, sql`select 1`)
    }),
  )
  assert.equal(await inside, 'unavailable')
  await select(store)
  proxy.cut()
  await wait(200)
  assert.equal((await select(store)).length, 1)
  assert.equal(lines.length, 1, 'told once in ten seconds')
})

test('a wait for a free connection is busy, a wait for the store is not', async (t) => {
  const { store, proxy } = await lab(t, { connections: 1 })
  const holding = query(store.db, sql`select pg_sleep(8)`)
  assert.equal(await faultOf(() => select(store)), 'busy')
  await holding
  proxy.vanish()
  proxy.cut()
  await until('the idle connection is gone', async () => (await faultOf(() => select(store))) === 'unavailable')
})

test('the schema is known: of this version, on a server that takes writes, older, or missing', async (t) => {
  const { store, direct, url } = await lab(t)
  assert.equal(await store.schema(), 'current')
  await query(
    direct.db,
    sql`do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
  )
  const standby = openPostgres(url)
  t.after(() => standby.close())
  assert.equal(await standby.schema(), 'read_only')
  assert.equal(await faultOf(() => query(standby.db, sql`delete from runs`)), 'unavailable')
  await query(
    direct.db,
    sql`delete from drizzle.__drizzle_migrations where id = (select max(id) from drizzle.__drizzle_migrations)`,
  )
  assert.equal(await store.schema(), 'old')
  await query(direct.db, sql`alter table runs rename to walks`)
  assert.equal(await store.schema(), 'missing')
  assert.equal(await faultOf(() => query(store.db, sql`select * from runs`)), 'unavailable')
  await query(direct.db, sql`drop schema drizzle cascade`)
  assert.equal(await store.schema(), 'missing')
})

test('whatever says that the store is away, full, another one or not ours any more is told apart from a value it refuses', async (t) => {
  const { direct } = await lab(t)
  const raised = (code: string) =>
    faultOf(() => query(direct.db, sql.raw(`do $$ begin raise exception 'it' using errcode = '${code}'; end $$`)))
  const away = '08006 08P01 53000 53100 53200 53300 57P01 57P02 57P03 57P05 58000 58030 58P01 25006 25P03 25P04 55000'
  const another = '42P01 42703 42704 42883 42501 3D000 3F000 28000 28P01'
  for (const code of `${away} ${another}`.split(' ')) assert.equal(await raised(code), 'unavailable', code)
  for (const code of ['55P03', '57014']) assert.equal(await raised(code), 'busy', code)
  // A transaction is run again; a statement alone is its caller's to repeat.
  for (const code of ['40001', '40P01']) assert.equal(await raised(code), 'conflict', code)
  for (const code of ['22001', '22P05', '23505', '42601']) assert.equal(await raised(code), 'refused', code)
  for (const code of ['XX000', '0A000', 'P0001']) assert.equal(await raised(code), 'failed', code)
})

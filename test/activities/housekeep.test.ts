import { Client } from '@temporalio/client'
import { MockActivityEnvironment } from '@temporalio/testing'
import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createHousekeep } from '../../activities/housekeep.ts'
import { createSenders } from '../../channels/senders.ts'
import { HostList } from '../../settings/host-list.ts'
import { noOutbox } from '../../events/outbox.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { query, type Database } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openConnection } from '../../temporal/connection.ts'
import { searchAttributes } from '../../temporal/send.ts'
import { Signaler } from '../../temporal/signaler.ts'
import { quiet } from '../../testing/fixtures/activities.ts'
import { accept } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { until } from '../../testing/fixtures/until.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const version = testVersion('invite', ['wait', 'mail'])
const TASK_QUEUE = 'belay'

/** Housekeeping of a store in memory, and a Temporal that can be taken away. No worker polls. */
async function house(t: TestContext) {
  const server = await devServer({ searchAttributes: Object.values(searchAttributes) })
  const proxy = await proxyTo(Number(server.address.split(':')[1]))
  const { connection, renew, close } = openConnection({ address: `127.0.0.1:${proxy.port}` })
  const store = await testPglite()
  t.after(async () => {
    await senders.close()
    await signaler.close()
    await close()
    await proxy.close()
    await server.teardown()
    await store.close()
  })
  await store.migrate()
  await publishCatalog(store.db, catalogOf(version))
  const client = new Client({ connection })
  const identity = await storeIdentity(store.db)
  const { db } = store
  const link = { away: false, failed: () => undefined }
  const signaler = new Signaler({ client, taskQueue: TASK_QUEUE, db, store: identity, link, log: quiet })
  const senders = createSenders({ BELAY_HTTP_ALLOW_PRIVATE: HostList.none })
  const housekeep = createHousekeep({
    senders,
    db,
    store: identity,
    now: Date.now,
    client,
    taskQueue: TASK_QUEUE,
    signaler,
    outbox: noOutbox,
    log: quiet,
  })
  const round = (): ReturnType<typeof housekeep> => new MockActivityEnvironment().run(housekeep)
  /** Accepted an hour ago, and told; nobody carried it out. */
  const overdue = async (key: string) => {
    await accept(db, version, key, ['ada'], { acceptedAt: Date.now() - 3_600_000 })
    await db.execute(sql`delete from pending_signals`)
  }
  const run = (key: string) => server.client.workflow.getHandle(`invite/${key}`)
  const isOpen = (key: string) =>
    run(key)
      .describe()
      .then(
        ({ status }) => status.name === 'RUNNING',
        () => false,
      )
  const events = async (key: string) => (await run(key).describe()).historyLength
  const terminate = (key: string) => run(key).terminate()
  const away = () => proxy.vanish()
  const back = async () => {
    proxy.heal()
    renew()
    const ask = () => client.workflowService.getSystemInfo({})
    await until('it answers', () => client.connection.withDeadline(Date.now() + 2_000, ask).catch(() => null))
  }
  return { db, away, back, round, overdue, isOpen, events, terminate }
}

test('housekeeping counts the runs that Temporal took, and tells those again in the next round that it did not', async (t) => {
  const { away, back, round, overdue, isOpen } = await house(t)
  for (const key of ['a', 'b', 'c']) await overdue(key)
  away()
  assert.equal((await round()).repaired, 0)
  await back()
  assert.equal((await round()).repaired, 3)
  for (const key of ['a', 'b', 'c']) assert.equal(await isOpen(key), true, key)
  assert.equal((await round()).repaired, 0, 'not again for a while')
})

/** As the key `of`, so many times, under keys that begin with `name`. */
async function copies(db: Database, of: string, name: string, count: number): Promise<void> {
  await db.execute(sql`
    with r as (
      insert into runs (workflow_id, definition_key, cancelation_key, created_at)
      select 'invite/' || ${name}::text || n, 'invite', ${name}::text || n, created_at
      from runs cross join generate_series(1, ${count}::int) n where cancelation_key = ${of} returning id
    ), copies as (
      insert into triggers (workflow_run_id, run_id, generation, definition_hash, data, data_size, recipient_count,
        api_key, accepted_at, next_due)
      select gen_random_uuid(), r.id, t.generation, t.definition_hash, t.data, t.data_size, t.recipient_count, t.api_key,
        t.accepted_at, t.next_due
      from triggers t join runs u on u.id = t.run_id and u.cancelation_key = ${of} cross join r returning id
    )
    insert into recipient_runs (id, recipient, step, phase, status, entered_at, due, updated_at)
    select copies.id * 131072, 'u' || copies.id, f.step, f.phase, f.status, f.entered_at, f.due, f.updated_at
    from copies cross join (select r.* from recipient_runs r join triggers t on r.id / 131072 = t.id
      join runs u on u.id = t.run_id where u.cancelation_key = ${of}) f`)
}

test('what was canceled, or is due later than it seemed, keeps nobody waiting who is overdue', async (t) => {
  const { db, round, overdue, isOpen } = await house(t)
  for (const key of ['canceled', 'later']) await overdue(key)
  const rowsOf = (key: string) => sql`r.id / 131072 = (select t.id from triggers t join runs u on u.id = t.run_id
    where u.cancelation_key = ${key})`
  await db.execute(sql`update recipient_runs r set status = 'ended', due = null where ${rowsOf('canceled')}`)
  await db.execute(sql`update recipient_runs r set due = now() + interval '30 days' where ${rowsOf('later')}`)
  await copies(db, 'canceled', 'c', 1_000)
  await copies(db, 'later', 'l', 1_000)
  await overdue('behind')
  await db.execute(sql`update triggers set next_due = next_due + interval '10 minutes' from runs u
    where u.id = run_id and u.cancelation_key = 'behind'`)
  assert.equal((await round()).repaired, 1)
  assert.deepEqual([await isOpen('behind'), await isOpen('l1'), await isOpen('c1')], [true, false, false])
  const [left] = await query<{ none: number; later: number; overdue: number }>(
    db,
    sql`select count(*) filter (where next_due is null)::int as none,
      count(*) filter (where next_due > now() + interval '29 days')::int as later,
      count(*) filter (where next_due < now())::int as overdue from triggers`,
  )
  assert.deepEqual(
    left,
    { none: 1_001, later: 1_001, overdue: 1 },
    'the overdue one was told, and nobody works on it here',
  )
})

test('more runs than one pass holds are all told in one round, and who is through is asked of the store alone', async (t) => {
  const { db, round, overdue, isOpen } = await house(t)
  for (const key of ['first', 'ended']) await overdue(key)
  await db.execute(sql`update recipient_runs set status = 'ended', due = null where id / 131072 =
    (select t.id from triggers t join runs u on u.id = t.run_id where u.cancelation_key = 'ended')`)
  await copies(db, 'first', 'n', 600)
  const untold = () => query(db, sql`select from runs where reloaded_at is null and cancelation_key <> 'ended'`)
  assert.equal((await untold()).length, 601)
  let lasted: number
  do {
    const began = performance.now()
    await round()
    lasted = performance.now() - began
    // A machine that needs a minute for it tells the rest in the next round.
  } while (lasted > 60_000 && (await untold()).length > 0)
  assert.deepEqual(await untold(), [])
  assert.equal(await isOpen('n600'), true)
  assert.equal(await isOpen('ended'), false)
  const left = await query(
    db,
    sql`select from triggers t join runs u on u.id = t.run_id
    where u.cancelation_key = 'ended' and t.next_due is not null`,
  )
  assert.equal(left.length, 0)
})

test('a run that waits for a worker is not told again, which would only keep the workers longer', async (t) => {
  const { db, round, overdue, isOpen, events, terminate } = await house(t)
  for (const key of ['waits', 'gone']) await overdue(key)
  assert.equal((await round()).repaired, 2, 'both were closed, and are started')
  const before = await events('waits')
  await terminate('gone')
  await db.execute(sql`update runs set reloaded_at = now() - interval '11 minutes'`)
  assert.equal((await round()).repaired, 1, 'no worker has come yet; who is closed again is started again')
  assert.equal(await events('waits'), before)
  assert.equal(await isOpen('gone'), true)
})

test('a duty of housekeeping that fails does not stop the others', async (t) => {
  const { db, round, isOpen } = await house(t)
  await accept(db, version, 'untold', ['ada'], { acceptedAt: Date.now() - 60_000 })
  await db.execute(sql`update pending_signals set created_at = now() - interval '1 minute'`)
  await db.execute(sql`alter table runs rename column reloaded_at to away`)
  const { resent, repaired, mark } = await round()
  assert.deepEqual([resent, repaired, mark?.counter], [1, 0, 1], 'what is overdue could not be looked for')
  assert.equal(await isOpen('untold'), true)
})

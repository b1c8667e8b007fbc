import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay } from '../../testing/product/belay.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript, type Script } from '../../testing/servers/process.ts'
import { proxyTo, type Proxy } from '../../testing/servers/proxy.ts'
import { openPostgres } from '../../store/postgres/database.ts'

const apiMain = fileURLToPath(new URL('../../api/main.ts', import.meta.url))

interface Api {
  script: Script
  belay: Belay
  url: string
  proxy: Proxy
  /** A statement past the proxy. */
  sql: (statement: string) => Promise<void>
}

/** An api process whose store lies behind a proxy, and whose Temporal is away. */
async function startApi(
  t: TestContext,
  { migrated = true, vanished = false, env = {} }: { migrated?: boolean; vanished?: boolean; env?: NodeJS.ProcessEnv },
): Promise<Api> {
  const database = await testPostgres()
  const url = new URL(database.url)
  const proxy = await proxyTo(Number(url.port))
  url.port = String(proxy.port)
  if (migrated) {
    const store = openPostgres(database.url)
    await store.migrate()
    await store.close()
  }
  if (vanished) proxy.vanish()
  const port = await freePort()
  const script = runScript(apiMain, [], {
    DATABASE_URL: url.href,
    TEMPORAL_ADDRESS: '127.0.0.1:9',
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    BELAY_NOTIFICATIONS_DIR: notificationsFolder({ 'letter/workflow.json': workflow(feedStep('now', 'hello')) }),
    PORT: String(port),
    LOG_LEVEL: 'info',
    ...env,
  })
  t.after(async () => {
    script.kill('SIGKILL')
    await script.ended
    await proxy.close()
    await database.drop()
  })
  const address = `http://127.0.0.1:${port}`
  const sql = async (statement: string) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  return { script, belay: new Belay(() => address, SECRET_KEY), url: address, proxy, sql }
}

test('a store away at the start is waited for: alive at once, ready once it answers', async (t) => {
  const { script, url, proxy } = await startApi(t, { vanished: true })
  const early = await until('it listens', () => fetch(`${url}/healthz`).catch(() => null))
  assert.equal(early.status, 200)
  const ready = await fetch(`${url}/readyz`)
  assert.deepEqual([ready.status, ((await ready.json()) as { store: string }).store], [503, 'away'])
  const refused = await fetch(`${url}/v1/messages`)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '2'])
  assert.equal(((await refused.json()) as { code: string }).code, 'store_unavailable')
  await script.says('the database does not answer yet')
  proxy.heal()
  await script.says('api listens')
  assert.equal((await fetch(`${url}/readyz`)).status, 200)
})

test('a store without tables ends the start with the command to run', async (t) => {
  const { script } = await startApi(t, { migrated: false })
  assert.equal(await script.ended, 1)
  assert.match(script.output(), /^DATABASE_URL: the database holds no tables of Belay; run npm run migrate .*\n$/)
})

test('on SIGTERM an api is out of rotation at once, goes on serving while it drains, and ends with 0', async (t) => {
  const { script, belay, url } = await startApi(t, { env: { BELAY_DRAIN_SECONDS: '6' } })
  await script.says('api listens')
  assert.equal((await fetch(`${url}/readyz`)).status, 200)
  script.kill('SIGTERM')
  const leaving = await until('out of rotation', async () => {
    const answer = await fetch(`${url}/readyz`)
    return answer.status === 503 && answer
  })
  assert.equal(leaving.headers.get('connection'), 'close')
  assert.equal(((await leaving.json()) as { draining: boolean }).draining, true)
  for (let call = 0; call < 5; call += 1) {
    const { status, headers } = await belay.request('POST', '/v1/workflows/letter/trigger', { recipients: ['ada'] })
    assert.deepEqual([status, headers.get('connection')], [200, 'close'])
  }
  assert.equal(await script.ended, 0, script.output())
})

test('a store whose disk is full takes no trigger, and the api says so and leaves the rotation until there is room', async (t) => {
  const { script, belay, url, sql } = await startApi(t, {})
  await script.says('api listens')
  const ready = async () => {
    const answer = await fetch(`${url}/readyz`)
    return [answer.status, ((await answer.json()) as { store: string }).store]
  }
  const trigger = async () =>
    (await belay.request('POST', '/v1/workflows/letter/trigger', { recipients: ['ada'] })).status
  assert.deepEqual(await ready(), [200, 'ok'])
  // As where no file can grow: for rows of the table, and for a table made to see whether there is room.
  await sql(`
    create function no_room() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
    create trigger no_room before insert on triggers execute function no_room();
    create function no_room_for_tables() returns event_trigger language plpgsql as
      $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
    create event trigger no_room on ddl_command_start when tag in ('CREATE TABLE AS') execute function no_room_for_tables()`)
  assert.equal(await trigger(), 503)
  assert.deepEqual(await ready(), [503, 'full'])
  await sql('drop event trigger no_room; drop trigger no_room on triggers')
  assert.deepEqual(await ready(), [200, 'ok'])
  assert.equal(await trigger(), 200)
})

test('connections cut three times a second for ten seconds under load: the api lives, and what fails is 503', async (t) => {
  const { script, belay, proxy } = await startApi(t, {})
  await script.says('api listens')
  const statuses = new Map<number, number>()
  let over = false
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let call = 0; !over; call += 1) {
      const { status } = await belay.request('POST', '/v1/workflows/letter/trigger', {
        recipients: [`user-${caller}`],
        cancelation_key: `${caller}-${call}`,
      })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  for (let cut = 0; cut < 30; cut += 1) {
    await wait(333)
    proxy.cut()
  }
  over = true
  await Promise.all(callers)
  assert.ok((statuses.get(200) ?? 0) > 50, JSON.stringify([...statuses]))
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 200 && status !== 503),
    [],
  )
  assert.equal((await belay.request('GET', '/readyz')).status, 200)
  const lines = script
    .output()
    .split('\n')
    .filter((line) => line.includes('a store connection broke'))
  assert.ok(lines.length >= 1 && lines.length <= 4, `${lines.length} lines`)
})

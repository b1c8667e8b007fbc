import { Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { pino } from 'pino'
import { startDevServer } from '../../embedded/dev-server.ts'
import { alertRules } from '../../testing/fixtures/alert-rules.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { Watch } from '../../testing/fixtures/watch.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay } from '../../testing/product/belay.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript, type Script } from '../../testing/servers/process.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

test('every alert fires once its fault is there, and none while all is well', { timeout: 560_000 }, async (t) => {
  const closers: (() => unknown)[] = []
  t.after(async () => {
    for (const close of closers.reverse()) await close()
  })
  const database = await testPostgres()
  closers.push(() => database.drop())
  const sql = async (statement: string) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  }
  const behind = new URL(database.url)
  const proxy = await proxyTo(Number(behind.port))
  closers.push(() => proxy.close())
  behind.port = String(proxy.port)
  const temporal = await startDevServer({
    cli: await temporalCli(),
    dbFile: join(temporaryFolder(), 'temporal.db'),
    port: await freePort(),
    uiPort: await freePort(),
    log: pino({ level: 'silent' }),
  })
  closers.push(() => temporal.stop())
  let hang = false
  const receiver = await httpReceiver((response, { url }) => {
    if (url === '/hangs' && hang) return
    response.writeHead({ '/refuses': 400, '/busy': 503, '/gone': 410, '/missing': 404 }[url] ?? 200).end('{}')
  })
  closers.push(() => receiver.close())
  const at = (path: string) => httpStep('hook', `${receiver.url}${path}`, '{}')
  const [port, apiMetrics, workerMetrics] = [await freePort(), await freePort(), await freePort()]
  const env = {
    DATABASE_URL: behind.href,
    TEMPORAL_ADDRESS: temporal.address,
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    BELAY_WEBHOOKS: `${receiver.url}/gone`,
    BELAY_OVERDUE_SECONDS: '1',
    BELAY_NOTIFICATIONS_DIR: notificationsFolder({
      'letter/workflow.json': workflow(feedStep('now')),
      'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
      'refused/workflow.json': workflow(at('/refuses')),
      'busy/workflow.json': workflow(at('/busy')),
      'slow/workflow.json': workflow(at('/hangs')),
      'broken/workflow.json': workflow({
        ref: 'fetch',
        type: 'http_fetch',
        settings: { method: 'get', url: `${receiver.url}/missing` },
      }),
    }),
    PORT: String(port),
    LOG_LEVEL: 'info',
  }
  const start = (script: string, metricsPort: number): Script => {
    const started = runScript(file(script), [], { ...env, BELAY_METRICS_PORT: String(metricsPort) })
    closers.push(async () => {
      started.kill('SIGKILL')
      await started.ended
    })
    return started
  }
  const migration = runScript(file('worker/migrate-main.ts'), [], { ...env, DATABASE_URL: database.url })
  assert.equal(await migration.ended, 0, migration.output())
  const api = start('api/main.ts', apiMetrics)
  await api.says('api listens')
  const url = `http://127.0.0.1:${port}`
  const belay = new Belay(() => url, SECRET_KEY)
  const watch = new Watch(...[apiMetrics, workerMetrics].map((each) => `http://127.0.0.1:${each}/metrics`))
  const fired = new Set<string>()
  const fires = async (alerts: readonly string[], withinMs?: number) => {
    await watch.fires(alerts, withinMs)
    for (const alert of alerts) fired.add(alert)
  }
  const warned = (what: RegExp) =>
    until(`/readyz to say ${what}`, async () => {
      const { body } = await belay.request<{ warnings?: string[] }>('GET', '/readyz')
      return body.warnings?.some((warning) => what.test(warning))
    })

  await t.test('no worker has been started', async () => {
    await belay.trigger('letter', { recipients: ['ada'] })
    await fires(['BelayDown', 'BelayNoWorker', 'BelayOverdue'])
    await warned(/1 recipient runs or messages are overdue by more than 1 s/)
  })

  let worker = start('worker/main.ts', workerMetrics)
  await worker.says('worker polls')

  await t.test('all is well', async () => {
    await until('what waited for a worker', async () => (await belay.messages()).length === 1)
    watch.forgetIncreases()
    const crowd = Array.from({ length: 60 }, (_, n) => `user_${n}`)
    await belay.trigger('letter', { recipients: crowd, cancelation_key: 'crowd' })
    await belay.cancel('letter', { cancelation_key: 'crowd' })
    await until(
      'no alert',
      async () => {
        await watch.look()
        return watch.firing().every((alert) => alert === 'BelayWebhooksGivenUp')
      },
      60_000,
    )
  })

  await t.test('a worker stands still, and takes up late what was due', async () => {
    process.kill(worker.pid, 'SIGSTOP')
    const crowd = Array.from({ length: 60 }, (_, n) => `user_${n}`)
    await belay.trigger('letter', { recipients: crowd })
    await wait(7_000)
    process.kill(worker.pid, 'SIGCONT')
    await fires(['BelayLate'])
  })

  await t.test('recipients, providers and endpoints refuse', async () => {
    const crowd = Array.from({ length: 40 }, (_, n) => `user_${n}`)
    await belay.trigger('refused', { recipients: crowd })
    await belay.trigger('busy', { recipients: crowd })
    await belay.trigger('broken', { recipients: ['ada'] })
    await fires(['BelayMessagesFail', 'BelaySendsRetried', 'BelayRecipientRunsFail', 'BelayWebhooksGivenUp'], 90_000)
    await sql(`insert into webhook_events (event_id, endpoint, type, recipient_run_id, created_at, due)
      values (gen_random_uuid(), 'elsewhere', 'message.sent', 1, now() - interval '1 hour', now() + interval '1 hour')`)
    await fires(['BelayWebhooksWait'])
    await sql('delete from webhook_events')
  })

  await t.test('a worker dies while it sends', async () => {
    hang = true
    await belay.trigger('slow', { recipients: ['ada'] })
    await until('the send', () => receiver.requests.some(({ url: path }) => path === '/hangs'))
    worker.kill('SIGKILL')
    await worker.ended
    hang = false
    worker = start('worker/main.ts', workerMetrics)
    await worker.says('worker polls')
    await fires(['BelayLeaseLosses'], 120_000)
  })

  await t.test('more is asked than a process takes', async () => {
    const head = `POST /v1/workflows/letter/trigger HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${SECRET_KEY}\r\nContent-Length: 20000000\r\n\r\n`
    const uploads = Array.from({ length: 6 }, () => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      socket.write(head)
      return socket
    })
    await fires(['BelayOverloaded'])
    for (const socket of uploads) socket.destroy()
  })

  await t.test('the namespace loses search attributes, and a run’s tasks fail', async () => {
    const connection = await Connection.connect({ address: temporal.address })
    closers.push(() => connection.close())
    await connection.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId: 'of-a-release-that-is-gone',
      requestId: 'one',
      workflowType: { name: 'unknownHere' },
      taskQueue: { name: 'belay' },
    })
    await fires(['BelayRunsFail'], 120_000)
    await warned(/1 runs fail again and again/)
    await connection.operatorService.removeSearchAttributes({
      namespace: 'default',
      searchAttributes: ['BelayCancelationKey'],
    })
    await fires(['BelaySearchAttributesMissing'])
    await warned(/lacks the search attributes BelayCancelationKey/)
  })

  await t.test('the clocks of host and store are apart', async () => {
    await sql(`create function public.clock_timestamp() returns timestamptz language sql as
      $$ select pg_catalog.clock_timestamp() + interval '1 minute' $$`)
    await sql(`alter database "${new URL(database.url).pathname.slice(1)}" set search_path = public, pg_catalog`)
    proxy.cut()
    await fires(['BelayClockSkew'], 90_000)
  })

  await t.test('Temporal is away, then the store, too', async () => {
    process.kill(temporal.pid()!, 'SIGSTOP')
    await belay.request('POST', '/v1/workflows/patient/trigger', { recipients: ['ada'] })
    await fires(['BelayTemporalAway', 'BelaySignalsUnconfirmed'], 120_000)
    proxy.vanish()
    const over = new AbortController()
    const asking = (async () => {
      while (!over.signal.aborted) {
        const calls = Array.from({ length: 20 }, () => belay.request('GET', '/v1/messages'))
        await Promise.allSettled([...calls, wait(500)])
      }
    })()
    await fires(['BelayStoreAway', 'BelayHttpErrors'], 120_000).finally(() => over.abort())
    process.kill(temporal.pid()!, 'SIGCONT')
    await asking
  })

  assert.deepEqual(
    alertRules().flatMap(({ alert }) => (fired.has(alert) ? [] : [alert])),
    [],
    'alerts that no test has made fire',
  )
  const told = readFileSync(file('ops/alerts.yml'), 'utf8') + readFileSync(file('ops/dashboard.json'), 'utf8')
  const named = new Set(told.match(/\b(belay|nodejs|temporal)_[a-z0-9_]+/g))
  assert.ok(named.size > 30)
  assert.deepEqual(
    [...named].filter((name) => !watch.names.has(name)),
    [],
    'metrics that no live process tells',
  )
})

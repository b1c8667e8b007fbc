import { Client } from '@temporalio/client'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { countPendingSignals } from '../../store/signals/pending-signals.ts'
import { HOUSEKEEPING_ID } from '../../temporal/deployment.ts'
import { eventsOf } from '../../testing/fixtures/history.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { startParts, type Parts } from '../../testing/product/parts.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'
import type { RunView } from '../../workflows/run-view.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }
const TRIGGERS = 200
const CALLERS = 20
const numbers = Array.from({ length: TRIGGERS }, (_, i) => i)

/** Api and worker, of which only the worker reaches Temporal at first; `limits` are the server's. */
async function outage(t: TestContext, limits: readonly string[] = []) {
  const extraArgs = limits.flatMap((limit) => ['--dynamic-config-value', limit])
  const server = await devServer({ extraArgs })
  const proxy = await proxyTo(Number(server.address.split(':')[1]))
  const database = await testPostgres()
  const started: Parts[] = []
  // Api and worker first, and their servers after them.
  t.after(async () => {
    for (const each of started) await each.stop()
    await proxy.close()
    await server.teardown()
    await database.drop()
  })
  const notifications = notificationsFolder(definitions)
  const address = `127.0.0.1:${proxy.port}`
  const parts = await startParts({
    notifications,
    database: database.url,
    address: server.address,
    apiAddress: address,
  })
  started.push(parts)
  proxy.vanish()
  const { belay, store } = parts
  await until('known to be away', async () => {
    await belay.trigger('patient', { recipients: ['first'], cancelation_key: 'first' })
    const { body } = await belay.request<{ temporal: string }>('GET', '/readyz')
    return body.temporal === 'away'
  })
  const client = new Client({ connection: server.connection })
  const toldAll = async () => until('all are told', async () => (await countPendingSignals(store.db)) === 0, 120_000)
  const runs = async () => (await client.workflow.count(`WorkflowType = 'notificationRun'`)).count
  return { belay, proxy, client, toldAll, runs }
}

test('triggers and cancels of keys that Temporal never heard of leave nothing to tell, and open no run', async (t) => {
  const { belay, proxy, toldAll, runs } = await outage(t)
  await inLanes(CALLERS, numbers, async (n) => {
    const cancelation_key = `order-${n}`
    await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key })
    const { summary } = await belay.cancel('patient', { cancelation_key })
    assert.equal(summary.canceled, 2)
  })
  proxy.heal()
  await toldAll()
  await until('the first, who was not canceled, has a run', async () => (await runs()) > 0)
  assert.equal(await runs(), 1, 'and nobody else')
})

test('a batch too large for the server is halved until it is taken', async (t) => {
  // Told in batches of up to a hundred: of 40 kB, where the server takes 8.
  const { belay, proxy, client, toldAll } = await outage(t, ['limit.blobSize.error=8192', 'limit.blobSize.warn=8192'])
  await inLanes(CALLERS, numbers, (n) =>
    belay.trigger('patient', { recipients: [`${'long'.repeat(50)}-${n}`], cancelation_key: 'one' }),
  )
  proxy.heal()
  await toldAll()
  const run = client.workflow.getHandle('patient/one')
  await until('the run knows all', async () => (await run.query<RunView>('state')).pending === TRIGGERS)
})

test('triggers of as many keys start each its run once, api and housekeeping together', async (t) => {
  const { belay, proxy, client, toldAll, runs } = await outage(t)
  const many = Array.from({ length: 500 }, (_, i) => i)
  await inLanes(CALLERS, many, (n) => belay.trigger('patient', { recipients: ['ada'], cancelation_key: `key-${n}` }))
  // Old enough for housekeeping, which reaches Temporal throughout, to be at them, too.
  await setTimeout(10_000)
  await client.workflow.getHandle(HOUSEKEEPING_ID).terminate('by hand')
  await client.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
  proxy.heal()
  await toldAll()
  await until('all are open', async () => (await runs()) === many.length + 1)
  const signals = await inLanes(CALLERS, many, async (n) => {
    const events = await eventsOf(client.workflow.getHandle(`patient/key-${n}`))
    return events.filter(({ type }) => type === 'WORKFLOW_EXECUTION_SIGNALED').length
  })
  const again = signals.filter((count) => count > 0).length
  // One that timed out may have been taken, and is told again.
  assert.ok(again < many.length / 2, `${again} of ${many.length} were told twice`)
})

import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { countPendingSignals } from '../../store/signals/pending-signals.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { startProduct } from '../../testing/product/product.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import type { RunView } from '../../workflows/messages.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }
/** Accepted while Temporal is away: on one key, and on as many keys. Smaller for a try by hand. */
const TRIGGERS = Number(process.env['OUTAGE_TRIGGERS'] ?? 10_000)
const CALLERS = 50
const HANDED_OVER_MS = 60_000
const PATIENCE_MS = 20 * 60_000

const numbers = Array.from({ length: TRIGGERS }, (_, i) => i)
const seconds = (ms: number) => Math.round(ms / 100) / 10

test(`an outage of Temporal: ${TRIGGERS} triggers each are handed over, ${2 * TRIGGERS} cancels leave nothing, terminated runs are worked off`, async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  const env = { DATABASE_URL: database.url }
  const { belay, temporal, ...product } = await startProduct(t, {
    notifications: notificationsFolder(definitions),
    env,
  })
  const store = openPostgres(database.url)
  t.after(() => store.close())

  /** What is accepted while Temporal stands still, then how long it takes until all of it was told. */
  const outage = async (what: string, accept: (n: number) => Promise<unknown>) => {
    process.kill(product.temporalPid(), 'SIGSTOP')
    const begun = performance.now()
    await inLanes(CALLERS, numbers, accept)
    const accepted = performance.now()
    const pending = await countPendingSignals(store.db)
    process.kill(product.temporalPid(), 'SIGCONT')
    const back = performance.now()
    await until('all are told', async () => (await countPendingSignals(store.db)) === 0, PATIENCE_MS)
    const took = performance.now() - back
    t.diagnostic(`${what}: ${pending} signals of ${seconds(accepted - begun)} s, told in ${seconds(took)} s`)
    return took
  }
  const open = async () =>
    (await temporal.workflow.count("WorkflowType = 'notificationRun' AND ExecutionStatus = 'Running'")).count

  const person = (n: number) => `${'long'.repeat(60)}-${n}`
  const oneKey = await outage('one key with long ids', (n) =>
    belay.trigger('patient', { recipients: [person(n)], cancelation_key: 'one' }),
  )
  assert.ok(oneKey < HANDED_OVER_MS, `took ${oneKey} ms`)
  const one = temporal.workflow.getHandle('patient/one')
  await until('the run knows all', async () => (await one.query<RunView>('state')).pending === TRIGGERS, PATIENCE_MS)

  const manyKeys = await outage('as many keys', (n) =>
    belay.trigger('patient', { recipients: ['ada'], cancelation_key: `key-${n}` }),
  )
  assert.ok(manyKeys < HANDED_OVER_MS, `took ${manyKeys} ms`)
  await until('all are open', async () => (await open()) === TRIGGERS + 1, PATIENCE_MS)

  for (const half of [1, 2]) {
    await outage(`triggers canceled before they were told, ${half} of 2`, async (n) => {
      const cancelation_key = `canceled-${half}-${n}`
      await belay.trigger('patient', { recipients: ['bob'], cancelation_key })
      await belay.cancel('patient', { cancelation_key })
    })
  }
  assert.equal(await open(), TRIGGERS + 1, 'no run was opened for who was canceled')

  // Terminated, all of them, and their instant has come.
  const ids: string[] = []
  const list = temporal.workflow.list({ query: "WorkflowType = 'notificationRun' AND ExecutionStatus = 'Running'" })
  for await (const { workflowId } of list) ids.push(workflowId)
  await inLanes(CALLERS, ids, (id) => temporal.workflow.getHandle(id).terminate('by hand'))
  await store.db.execute(sql`update recipient_runs set due = now() - interval '1 hour' where status = 'waiting'`)
  await store.db.execute(sql`update triggers set next_due = now() - interval '1 hour' where next_due is not null`)
  const begun = performance.now()
  const left = async () =>
    (
      await query<{ count: number }>(
        store.db,
        sql`select count(*)::int as count from recipient_runs where status in ('waiting', 'claimed')`,
      )
    )[0]!.count
  await until('everybody has it', async () => (await left()) === 0, PATIENCE_MS)
  t.diagnostic(`${ids.length} terminated runs: worked off in ${seconds(performance.now() - begun)} s`)
  const [sent] = await query<{ count: number }>(store.db, sql`select count(*)::int as count from messages`)
  assert.equal(sent!.count, 2 * TRIGGERS, 'each once')
})

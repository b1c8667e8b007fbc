import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { openPostgres, transaction } from '../../store/postgres/database.ts'
import { insertTrigger, lockRun } from '../../store/triggers/triggers.ts'
import { MockActivityEnvironment } from '@temporalio/testing'
import { pino } from 'pino'
import { createHousekeep } from '../../activities/housekeep.ts'
import { silent } from '../../events/outbox.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { Signaler } from '../../temporal/signaler.ts'
import { bodies } from '../../testing/product/belay.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const DAY_MS = 86_400_000
const link = { away: false, failed: () => undefined }
const definitions = {
  'letter/workflow.json': workflow(feedStep('now')),
  'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
}

test('housekeeping', async (t) => {
  const database = await testPostgres()
  const notifications = notificationsFolder(definitions)
  const product = await startProduct(t, { notifications, env: { DATABASE_URL: database.url } })
  const store = openPostgres(database.url)
  t.after(async () => {
    await store.close()
    await database.drop()
  })
  const { belay, temporal } = product
  /** What the housekeeping workflow does every 30 s, as if it were `later` by the store's clock. */
  const housekeep = async (later = 0) => {
    const now = () => Date.now() + later
    const { client, log } = { client: temporal, log: pino({ level: 'silent' }) }
    const identity = await storeIdentity(store.db)
    const signaler = new Signaler({ client, taskQueue: 'belay', db: store.db, store: identity, link, log })
    const deps = { db: store.db, store: identity, now, client, taskQueue: 'belay', signaler, outbox: silent, log }
    await new MockActivityEnvironment().run(createHousekeep(deps))
    await signaler.close()
  }

  await t.test('a trigger whose api died before it told Temporal is carried out', async () => {
    const version = (await readCatalog(notifications)).definitions.get('letter')!
    const acceptedAt = Date.now() - 60_000
    await transaction(store.db, async (tx) => {
      const run = await lockRun(tx, 'letter', 'untold', acceptedAt)
      const accepted = {
        version,
        workflowRunId: randomUUID(),
        cancelationKey: 'untold',
        recipients: [{ key: 'ada', triggerData: null, step: 0, phase: 'enter' as const, due: acceptedAt }],
        actor: null,
        tenant: null,
        data: {},
        skipDelay: false,
        sandboxMode: false,
        apiKey: 'test',
        acceptedAt,
      }
      await insertTrigger(tx, run, accepted, false)
      await tx.execute(sql`update pending_signals set created_at = ${new Date(acceptedAt).toISOString()}`)
    })
    await housekeep()
    await temporal.workflow.getHandle('letter/untold').result()
    assert.deepEqual(bodies(await belay.feed('ada')), ['now'])
  })

  const statuses = async (cancelation_key: string) =>
    (await belay.recipientRuns({ cancelation_key })).map(({ recipient, status }) => [recipient, status]).sort()
  const pendingIn = (id: string) => temporal.workflow.getHandle(id).query<{ pending: number }>('state')

  await t.test(
    'a run that was terminated is started again when something of it is overdue, and nobody is lost',
    async () => {
      await belay.trigger('patient', { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'k' })
      await belay.cancel('patient', { cancelation_key: 'k', recipients: ['bob'] })
      const run = temporal.workflow.getHandle('patient/k')
      await until('the run is told', async () => (await run.query<{ canceled: number }>('state')).canceled === 1)
      await run.terminate('by hand')
      const paused = [
        ['ada', 'paused'],
        ['bob', 'cancelled'],
        ['carl', 'paused'],
      ]
      await housekeep()
      assert.equal((await run.describe()).status.name, 'TERMINATED', 'nothing of it is overdue yet')
      await housekeep(31 * DAY_MS)
      await until('both sleep in it again', async () => (await pendingIn('patient/k')).pending === 2)
      assert.deepEqual(await statuses('k'), paused)
      await belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key: 'k' })
      await until(
        'both have it',
        async () => (await statuses('k')).filter(([, status]) => status === 'completed').length === 2,
      )
      assert.equal((await belay.messages({ source: 'patient' })).length, 2)
      await temporal.workflow.getHandle('patient/k').result()
    },
  )

  await t.test(
    'a run that was terminated and joined again reads the store: who slept in it is served with the others',
    async () => {
      await belay.trigger('patient', { recipients: ['ada'], cancelation_key: 'joined' })
      const run = temporal.workflow.getHandle('patient/joined')
      await until('the run is there', async () => (await run.describe()).status.name === 'RUNNING')
      await run.terminate('by hand')
      await belay.trigger('patient', { recipients: ['dora'], cancelation_key: 'joined' })
      await until('both sleep in it', async () => (await pendingIn('patient/joined')).pending === 2)
      await belay.cancel('patient', { cancelation_key: 'joined' })
      await temporal.workflow.getHandle('patient/joined').result()
    },
  )

  await t.test('a run that was reset keeps who sleeps in it', async () => {
    const cancelation_key = 'reset'
    await belay.trigger('patient', { recipients: ['eve', 'bob', 'carl'], cancelation_key })
    await belay.cancel('patient', { cancelation_key, recipients: ['bob'] })
    const run = temporal.workflow.getHandle('patient/reset')
    await until('the run is told', async () => (await run.query<{ canceled: number }>('state')).canceled === 1)
    const where = ['--workflow-id', 'patient/reset', '--address', product.temporalAddress()]
    const how = ['--type', 'FirstWorkflowTask', '--reason', 'by hand']
    await promisify(execFile)(await temporalCli(), ['workflow', 'reset', ...where, ...how])
    await belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key, recipients: ['eve'] })
    await until('eve has it', async () =>
      (await statuses('reset')).some(([who, how]) => who === 'eve' && how === 'completed'),
    )
    assert.equal((await belay.messages({ source: 'patient' })).filter(({ recipient }) => recipient === 'eve').length, 1)
    assert.equal((await pendingIn('patient/reset')).pending, 1)
  })

  await t.test('of housekeeping there is one execution, however often the product starts', async () => {
    await product.stop()
    await product.start()
    const { count } = await product.temporal.workflow.count(
      "WorkflowType = 'housekeeping' and ExecutionStatus = 'Running'",
    )
    assert.equal(count, 1)
  })
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { openPostgres, query, transaction } from '../../store/postgres/database.ts'
import { insertTrigger, lockRun } from '../../store/triggers/triggers.ts'
import { HOUSEKEEPING_ID } from '../../temporal/deployment.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { bodies } from '../../testing/product/belay.ts'
import { eventsOf } from '../../testing/fixtures/history.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

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
  /** Has a round carried out now, to its end: an execution begins with one, and then sleeps. */
  const housekeep = async () => {
    await temporal.workflow.getHandle(HOUSEKEEPING_ID).terminate('by hand')
    const next = await temporal.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
    await until('the round is over', async () => (await eventsOf(next)).some(({ type }) => type === 'TIMER_STARTED'))
  }
  /** As if the instant of everybody under the key had passed five minutes ago, and nobody had noticed. */
  const makeOverdue = async (key: string) => {
    const past = new Date(Date.now() - 300_000).toISOString()
    await store.db.execute(sql`update recipient_runs r set due = ${past} from triggers t join runs u on u.id = t.run_id
      where u.cancelation_key = ${key} and r.id / 131072 = t.id and r.status = 'waiting'`)
    await store.db.execute(sql`update triggers t set next_due = ${past} from runs u
      where u.id = t.run_id and u.cancelation_key = ${key}`)
  }

  await t.test('one execution lives on, and begins anew when it was ended from outside', async () => {
    const { status, historyLength } = await temporal.workflow.getHandle(HOUSEKEEPING_ID).describe()
    assert.equal(status.name, 'RUNNING')
    assert.ok(historyLength > 0)
  })

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
    })
    await housekeep()
    await until('ada has it', async () => bodies(await belay.feed('ada')).includes('now'))
  })

  await t.test('who slept in a run that was terminated is served by another, once they are overdue', async () => {
    const cancelation_key = 'terminated'
    await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key })
    await belay.cancel('patient', { cancelation_key, recipients: ['bob'] })
    const run = await toldRun(temporal, 'patient/terminated')
    await until('the run is told', async () => (await run.query<{ canceled: number }>('state')).canceled === 1)
    await run.terminate('by hand')
    await housekeep()
    await makeOverdue(cancelation_key)
    await until('ada has it', async () => {
      await housekeep()
      return bodies(await belay.feed('ada')).includes('later')
    })
    const runs = await belay.recipientRuns({ cancelation_key })
    assert.deepEqual(runs.map(({ recipient, status, error_count }) => [recipient, status, error_count]).sort(), [
      ['ada', 'completed', 0],
      ['bob', 'cancelled', 0],
    ])
    assert.ok(!bodies(await belay.feed('bob')).includes('later'))
  })

  await t.test('an open run that missed an instant is told to read the store, and not again for a while', async () => {
    const cancelation_key = 'missed'
    await belay.trigger('patient', { recipients: ['carl'], cancelation_key })
    const run = await toldRun(temporal, 'patient/missed')
    await until('the run is there', async () => (await run.query<{ pending: number }>('state')).pending === 1)
    await makeOverdue(cancelation_key)
    await until('carl has it', async () => {
      await housekeep()
      return bodies(await belay.feed('carl')).includes('later')
    })
    await run.result()
    const told = async () => {
      const rows = await query<{ told: string }>(
        store.db,
        sql`select reloaded_at::text as told from runs where workflow_id = 'patient/missed'`,
      )
      return rows[0]!.told
    }
    const first = await told()
    await makeOverdue(cancelation_key)
    await housekeep()
    assert.equal(await told(), first)
  })

  await t.test('a run that was reset keeps who sleeps in it', async () => {
    const cancelation_key = 'reset'
    await belay.trigger('patient', { recipients: ['dora', 'bob', 'emil'], cancelation_key })
    await belay.cancel('patient', { cancelation_key, recipients: ['bob'] })
    const run = await toldRun(temporal, 'patient/reset')
    await until('the run is told', async () => (await run.query<{ canceled: number }>('state')).canceled === 1)
    const where = ['--workflow-id', 'patient/reset', '--address', product.temporalAddress()]
    const how = ['--type', 'FirstWorkflowTask', '--reason', 'by hand']
    await promisify(execFile)(await temporalCli(), ['workflow', 'reset', ...where, ...how])
    await housekeep()
    const statuses = async () =>
      (await belay.recipientRuns({ cancelation_key })).map(({ recipient, status }) => [recipient, status]).sort()
    assert.deepEqual(await statuses(), [
      ['bob', 'cancelled'],
      ['dora', 'paused'],
      ['emil', 'paused'],
    ])
    await belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key, recipients: ['dora'] })
    await until('dora has it', async () => (await statuses())[1]![1] === 'completed')
    assert.deepEqual(bodies(await belay.feed('dora')), ['later'])
    await until('only emil waits', async () => (await run.query<{ pending: number }>('state')).pending === 1)
  })
})

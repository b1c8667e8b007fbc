import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { openPostgres, transaction } from '../../store/postgres/database.ts'
import { insertTrigger, lockRun } from '../../store/triggers/triggers.ts'
import { HOUSEKEEPING } from '../../workflows/messages.ts'
import { bodies } from '../../testing/product/belay.ts'
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
  /** As the schedule does every 30 s. */
  const housekeep = () =>
    temporal.workflow.execute(HOUSEKEEPING, { workflowId: `by-hand-${randomUUID()}`, taskQueue: 'belay' })

  await t.test('a trigger whose api died before it told Temporal is carried out', async () => {
    const version = (await readCatalog(notifications)).definitions.get('letter')!
    const acceptedAt = Date.now() - 60_000
    await transaction(store.db, async (tx) => {
      const run = await lockRun(tx, 'letter', 'untold')
      const accepted = {
        version,
        workflowRunId: randomUUID(),
        cancelationKey: 'untold',
        recipients: [{ key: 'ada', triggerData: null, step: 0, due: acceptedAt }],
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

  await t.test(
    'who slept in a run that was terminated ends as an error; a newer run under its ID is left alone',
    async () => {
      await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'k' })
      await belay.cancel('patient', { cancelation_key: 'k', recipients: ['bob'] })
      const run = temporal.workflow.getHandle('patient/k')
      await until('the run is told', async () => (await run.query<{ canceled: number }>('state')).canceled === 1)
      await run.terminate('by hand')
      await belay.trigger('patient', { recipients: ['carl'], cancelation_key: 'k' })
      const runs = await until('the end of those who slept', async () => {
        await housekeep()
        const found = await belay.recipientRuns({ cancelation_key: 'k' })
        return found.some(({ status }) => status === 'completed') && found
      })
      const told = runs.map(({ recipient, status, error_count, reason }) => [recipient, status, error_count, reason])
      assert.deepEqual(told.sort(), [
        ['ada', 'completed', 1, 'run_terminated'],
        ['bob', 'cancelled', 0, null],
        ['carl', 'paused', 0, null],
      ])
      await housekeep()
      const { recipients } = await belay.cancel('patient', { cancelation_key: 'k' })
      const outcomes = recipients.map(({ id, outcome, reason }) => [id, outcome, reason])
      assert.deepEqual(outcomes.sort(), [
        ['ada', 'ended', 'run_terminated'],
        ['bob', 'already_canceled', undefined],
        ['carl', 'canceled', undefined],
      ])
      await temporal.workflow.getHandle('patient/k').result()
    },
  )

  await t.test('a run that was reset keeps who sleeps in it, and loses them when it is terminated then', async () => {
    const cancelation_key = 'reset'
    await belay.trigger('patient', { recipients: ['ada', 'bob', 'carl'], cancelation_key })
    await belay.cancel('patient', { cancelation_key, recipients: ['bob'] })
    const run = temporal.workflow.getHandle('patient/reset')
    await until('the run is told', async () => (await run.query<{ canceled: number }>('state')).canceled === 1)
    const where = ['--workflow-id', 'patient/reset', '--address', product.temporalAddress()]
    const how = ['--type', 'FirstWorkflowTask', '--reason', 'by hand']
    await promisify(execFile)(await temporalCli(), ['workflow', 'reset', ...where, ...how])
    await until('the list knows of the end', async () => {
      return (
        (await temporal.workflow.count(`WorkflowId = 'patient/reset' and ExecutionStatus = 'Terminated'`)).count > 0
      )
    })
    await housekeep()
    const statuses = async () =>
      (await belay.recipientRuns({ cancelation_key })).map(({ recipient, status }) => [recipient, status]).sort()
    const asleep = [
      ['ada', 'paused'],
      ['bob', 'cancelled'],
      ['carl', 'paused'],
    ]
    assert.deepEqual(await statuses(), asleep)
    await belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key, recipients: ['ada'] })
    await until('ada has it', async () => (await statuses())[0]![1] === 'completed')
    assert.equal((await belay.messages({ source: 'patient' })).filter(({ recipient }) => recipient === 'ada').length, 1)
    assert.equal((await run.query<{ pending: number }>('state')).pending, 1)

    await run.terminate('by hand')
    await until('carl has lost the run', async () => {
      await housekeep()
      return (await statuses())[2]![1] === 'completed'
    })
  })
})

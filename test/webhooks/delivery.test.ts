import { WorkflowNotFoundError } from '@temporalio/client'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { readSettings } from '../../settings/settings.ts'
import { webhookWorkflowId } from '../../temporal/webhook-waker.ts'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'
import { wakeSignal } from '../../workflows/signals.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { startProduct } from '../../testing/product/product.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { webhookReceiver } from '../../testing/servers/webhook-receiver.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

interface Row {
  event_id: string
  type: string
  attempt: number
  /** Seconds until it is due. */
  wait: number
  reason: string | null
  given_up: boolean
}

test('an event is delivered as long as its endpoint can be expected to come back', async (t) => {
  const database = await testPostgres()
  const receiver = await webhookReceiver(SECRET)
  const env = {
    DATABASE_URL: database.url,
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    // Without a secret of its own: BELAY_HTTP_SECRET signs.
    BELAY_HTTP_SECRET: SECRET,
    BELAY_WEBHOOKS: `${receiver.url}/hook`,
  }
  const notifications = notificationsFolder({ 'letter/workflow.json': workflow(feedStep('now')) })
  const product = await startProduct(t, { notifications, env })
  const store = openPostgres(database.url)
  const { db } = store
  t.after(async () => {
    await store.close()
    await receiver.close()
    await database.drop()
  })
  const { belay } = product
  const [endpoint] = readSettings(env).BELAY_WEBHOOKS
  const delivery = () => product.temporal.workflow.getHandle(webhookWorkflowId(endpoint!.key))
  const rows = () =>
    query<Row>(
      db,
      sql`select event_id, type, attempt, extract(epoch from due - now())::float8 as wait, reason,
            given_up_at is not null as given_up from webhook_events order by id`,
    )
  const refused = (attempt: number) =>
    until('all three refused', async () => {
      const found = await rows()
      return found.length === 3 && found.every((row) => row.attempt === attempt) && found
    })
  const makeDue = () => db.execute(sql`update webhook_events set due = now()`)
  /** How often each event came, by its type; since the last call. */
  const counts = () => {
    const found: Record<string, number> = {}
    for (const { type } of receiver.events()) found[type] = (found[type] ?? 0) + 1
    receiver.requests.length = 0
    return found
  }
  const once = { 'workflow_recipient_run.started': 1, 'message.delivered': 1, 'workflow_recipient_run.completed': 1 }

  await t.test('refused by 503, it comes again under the same id, 15 s later, then 30', async () => {
    receiver.answer.status = 503
    await belay.trigger('letter', { recipients: ['ada'] })
    for (const [attempt, wait] of [
      [1, 15],
      [2, 30],
    ] as const) {
      const found = await refused(attempt)
      for (const row of found) {
        assert.ok(row.wait > wait / 2 && row.wait <= wait, `due in ${row.wait} s`)
        assert.equal(row.reason, 'answered 503')
      }
      assert.deepEqual(
        receiver
          .events()
          .map(({ id }) => id)
          .sort(),
        found.map((row) => row.event_id).sort(),
      )
      assert.deepEqual(counts(), once)
      if (attempt === 2) receiver.answer.status = 200
      await makeDue()
      await delivery().signal(wakeSignal)
    }
    await until('delivered', async () => (await rows()).length === 0)
    assert.deepEqual(counts(), once)
    await delivery().result()
  })

  await t.test('a redirect is a refusal, and is not followed', async () => {
    receiver.answer.status = 302
    receiver.answer.headers = { location: `${receiver.url}/elsewhere` }
    await belay.trigger('letter', { recipients: ['ada'] })
    await refused(1)
    assert.ok(receiver.events().every(({ path }) => path === '/hook'))
    assert.deepEqual(counts(), once)
  })

  await t.test('a delivery that was terminated is taken up by housekeeping', async () => {
    receiver.answer.status = 200
    await delivery().terminate('by hand')
    await makeDue()
    // Its first round is now; the product's own has just slept for a while.
    const housekeeping = await product.temporal.workflow.start(HOUSEKEEPING, {
      workflowId: `by-hand-${randomUUID()}`,
      taskQueue: 'belay',
    })
    await until('delivered', async () => (await rows()).length === 0)
    await housekeeping.terminate('seen')
    assert.deepEqual(counts(), once)
  })

  await t.test('a restart while the endpoint is away loses nothing', async () => {
    receiver.answer.status = 500
    await belay.trigger('letter', { recipients: ['bob'], cancelation_key: 'restart' })
    await refused(1)
    counts()
    await product.stop()
    receiver.answer.status = 200
    await product.start()
    await makeDue()
    // Signalled, not started: the sleep it was in is still there, unless the start took longer than that.
    await delivery()
      .signal(wakeSignal)
      .catch((error: unknown) => assert.ok(error instanceof WorkflowNotFoundError))
    await until('delivered', async () => (await rows()).length === 0)
    assert.deepEqual(counts(), once)
  })

  await t.test('after the eighth refusal it is given up, and kept with the reason', async () => {
    receiver.answer.status = 404
    await belay.trigger('letter', { recipients: ['cleo'] })
    await refused(1)
    counts()
    await db.execute(sql`update webhook_events set attempt = 7, due = now()`)
    await delivery().signal(wakeSignal)
    const found = await refused(8)
    assert.ok(found.every((row) => row.given_up && row.reason === 'answered 404'))
    assert.deepEqual(counts(), once)
    await delivery().result()
    receiver.answer.status = 200
    await belay.trigger('letter', { recipients: ['dora'] })
    await until('the next ones', () => receiver.requests.length >= 3)
    await delivery().result()
    assert.deepEqual(counts(), once, 'what was given up is not sent again')
  })
})

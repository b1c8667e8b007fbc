import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../../settings/settings.ts'
import { webhookWorkflowId } from '../../temporal/webhook-waker.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { webhookReceiver } from '../../testing/servers/webhook-receiver.ts'

const SECRET = 'a secret for the webhooks'
const definitions = {
  'letter/workflow.json': workflow(feedStep('now')),
  'patient/workflow.json': workflow(feedStep('now'), delayStep('wait', 30, 'days'), feedStep('later')),
}

interface RunWithEvents {
  status: string
  events: { event: string; data: Record<string, unknown> | null }[]
}

test('webhooks tell the outside', async (t) => {
  const receiver = await webhookReceiver(SECRET)
  t.after(() => receiver.close())
  const notifications = notificationsFolder(definitions)
  const env = {
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    BELAY_WEBHOOKS: JSON.stringify([
      { url: `${receiver.url}/all`, secret: SECRET },
      { url: `${receiver.url}/cancels`, secret: SECRET, events: ['workflow_recipient_run.cancelled'] },
    ]),
  }
  const { belay, temporal } = await startProduct(t, { notifications, env })
  const endpoints = readSettings(env).BELAY_WEBHOOKS
  /** All that is to come has come: the runs are over, and so are the deliveries. */
  const delivered = async (...runs: string[]) => {
    for (const run of runs) await (await toldRun(temporal, run)).result()
    for (const { key } of endpoints) {
      await until(`the deliveries to ${key} to end`, async () => {
        for await (const _open of temporal.workflow.list({
          query: `WorkflowId = '${webhookWorkflowId(key)}' and ExecutionStatus = 'Running'`,
        }))
          return false
        return true
      })
    }
  }
  const eventsOf = (trigger: string, path = '/all') =>
    receiver
      .events(path)
      .filter(({ data }) => trigger === (data['workflow_run_id'] ?? sourceOf(data)['workflow_run_id']))
  const sourceOf = (data: Record<string, unknown>) => data['source'] as Record<string, unknown>

  await t.test(
    'a trigger: started, each message delivered, completed; once each, in order, as the API shows it',
    async () => {
      const recipients = ['ada', 'bob', 'cleo']
      const trigger = await belay.trigger('letter', { recipients, cancelation_key: 'a', data: { n: 1 } })
      await until('all events', () => eventsOf(trigger.workflow_run_id).length >= 9)
      await delivered('letter/a')
      const events = eventsOf(trigger.workflow_run_id)
      for (const recipient of recipients) {
        const own = events.filter(({ data }) => data.recipient === recipient)
        assert.deepEqual(
          own.map(({ type, event_data }) => [type, event_data]),
          [
            ['workflow_recipient_run.started', null],
            ['message.delivered', null],
            ['workflow_recipient_run.completed', null],
          ],
        )
        const [, message, completed] = own
        assert.deepEqual(message!.data, await belay.get(`/v1/messages/${message!.data.id}`))
        const { events: _events, ...run } = await belay.get<RunWithEvents>(
          `/v1/workflow_recipient_runs/${completed!.data.id}`,
        )
        assert.deepEqual(completed!.data, run)
        assert.ok(own.every(({ __typename }) => __typename === 'Event'))
      }
      assert.equal(events.length, 9)
      assert.equal(new Set(events.map(({ id }) => id)).size, 9)
    },
  )

  await t.test('canceled by several callers at once, and again: one cancelled each, with who and why', async () => {
    const recipients = Array.from({ length: 20 }, (_, i) => `user-${i}`)
    const trigger = await belay.trigger('patient', { recipients, cancelation_key: 'b' })
    await until(
      'the first messages',
      async () => (await belay.messages({ workflow_run_id: trigger.workflow_run_id })).length === 20,
    )
    const reasons = ['withdrawn', 'duplicate', 'by mistake']
    await Promise.all(reasons.map((reason) => belay.cancel('patient', { cancelation_key: 'b', reason })))
    await belay.cancel('patient', { cancelation_key: 'b', reason: 'too late' })
    await until('all events', () => eventsOf(trigger.workflow_run_id).length >= 60)
    await delivered('patient/b')
    const events = eventsOf(trigger.workflow_run_id)
    const cancelled = events.filter(({ type }) => type === 'workflow_recipient_run.cancelled')
    assert.deepEqual(cancelled.map(({ data }) => data.recipient).sort(), [...recipients].sort())
    assert.equal(events.length, 60, 'started, delivered and cancelled for each')
    const told = cancelled[0]!.event_data!
    assert.equal(told['api_key'], 'BELAY_SECRET_KEY')
    assert.ok(reasons.includes(told['reason'] as string))
    for (const { data, event_data } of cancelled) {
      assert.deepEqual(event_data, told, 'the first of the callers took all')
      const run = await belay.get<RunWithEvents>(`/v1/workflow_recipient_runs/${data.id}`)
      assert.equal(run.status, 'cancelled')
      assert.deepEqual(
        run.events.map(({ event }) => event),
        ['received', 'message_created', 'canceled'],
      )
      assert.deepEqual(run.events[2]!.data, told)
    }
    const ids = cancelled.map(({ id }) => id).sort()
    assert.deepEqual(
      eventsOf(trigger.workflow_run_id, '/cancels')
        .map(({ id }) => id)
        .sort(),
      ids,
    )
  })

  await t.test('canceled by hand in Temporal, it is told the same, by its own name', async () => {
    const trigger = await belay.trigger('patient', { recipients: ['ada'], cancelation_key: 'c' })
    await (await toldRun(temporal, 'patient/c')).signal('cancel', { reason: 'by hand' })
    await until('the event', () => eventsOf(trigger.workflow_run_id, '/cancels').length > 0)
    await delivered('patient/c')
    const cancelled = eventsOf(trigger.workflow_run_id, '/cancels')
    assert.deepEqual(
      cancelled.map(({ event_data }) => event_data),
      [{ api_key: 'temporal', reason: 'by hand' }],
    )
  })

  await t.test('what recipients do with a message is told, once for each change', async () => {
    const trigger = await belay.trigger('letter', { recipients: ['dora'], cancelation_key: 'd' })
    const [message] = await until('the message', async () => {
      const found = await belay.messages({ workflow_run_id: trigger.workflow_run_id })
      return found.length > 0 && found
    })
    const put = (status: string, method = 'PUT', body: object = {}) =>
      belay.request(method, `/v1/messages/${message!.id}/${status}`, body)
    await put('read')
    await put('read')
    await put('read', 'DELETE')
    await put('interacted', 'PUT', { metadata: { button: 'yes' } })
    await put('archived')
    await put('archived', 'DELETE')
    await belay.cancel('letter', { cancelation_key: 'd', archive_sent: true })
    const expected = [
      ['workflow_recipient_run.started', null],
      ['message.delivered', null],
      ['workflow_recipient_run.completed', null],
      ['message.seen', null],
      ['message.read', null],
      ['message.unread', null],
      ['message.read', null],
      ['message.interacted', { button: 'yes' }],
      ['message.archived', null],
      ['message.unarchived', null],
      ['message.archived', null],
    ]
    await until('all events', () => eventsOf(trigger.workflow_run_id).length >= expected.length)
    await delivered('letter/d')
    assert.deepEqual(
      eventsOf(trigger.workflow_run_id).map(({ type, event_data }) => [type, event_data]),
      expected,
    )
  })
  assert.ok(
    receiver.events('/cancels').every(({ type }) => type === 'workflow_recipient_run.cancelled'),
    'an endpoint gets nothing it did not name',
  )
})

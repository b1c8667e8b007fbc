import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import type { Message, RecipientRun } from '../../testing/product/belay.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, emailStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { webhookReceiver } from '../../testing/servers/webhook-receiver.ts'

interface Event {
  event: string
  type: string
  data: { reason?: string | null } | null
  inserted_at: string
}

test('what is on record is what happened, and why', async (t) => {
  let status = 503
  const http = await httpReceiver((response) => response.writeHead(status).end(status === 204 ? undefined : 'busy'))
  t.after(() => http.close())
  const webhooks = await webhookReceiver('a secret for the webhooks')
  t.after(() => webhooks.close())
  const hook = httpStep('hook', http.url, '{}')
  const mail = emailStep('mail', { subject: 'Hello' })
  const { belay, temporal } = await startProduct(t, {
    notifications: notificationsFolder({
      'hook/workflow.json': workflow(hook),
      'hook-then-wait/workflow.json': workflow(hook, delayStep('wait', 1, 'days'), feedStep('later')),
      'hook-then-feed/workflow.json': workflow(hook, feedStep('after')),
      'mail-then-feed/workflow.json': workflow(mail, delayStep('wait', 1), feedStep('after')),
      'feed-then-mail/workflow.json': workflow(feedStep('first'), mail),
      'mail/workflow.json': workflow(mail, delayStep('wait', 1), { ...mail, ref: 'again' }),
      'patient/workflow.json': workflow(feedStep('now'), delayStep('wait', 30, 'days'), feedStep('later')),
    }),
    env: {
      BELAY_HTTP_ALLOW_PRIVATE: 'true',
      SMTP_URL: 'smtp://127.0.0.1:9',
      BELAY_EMAIL_FROM: 'belay@example.com',
      BELAY_WEBHOOKS: JSON.stringify([
        { url: webhooks.url, secret: 'a secret for the webhooks', events: ['workflow_recipient_run.*'] },
      ]),
    },
  })
  const runOf = async (workflow_run_id: string): Promise<RecipientRun> => {
    const [run] = await belay.recipientRuns({ workflow_run_id })
    return run!
  }
  const over = (triggerId: string) =>
    until('the end', async () => {
      const { status } = await runOf(triggerId)
      const messages = await belay.messages({ workflow_run_id: triggerId })
      // Anew: it says what its messages have come to.
      return status === 'completed' && messages.every((message) => message.status !== 'queued') && runOf(triggerId)
    })
  const inBackoff = (triggerId: string) =>
    until('the backoff', async () => {
      const messages = await belay.messages({ workflow_run_id: triggerId })
      return messages.some(({ status, reason }) => status === 'queued' && reason !== null) && runOf(triggerId)
    })
  const eventsOfRun = async ({ id }: RecipientRun) =>
    (await belay.get<{ events: Event[] }>(`/v1/workflow_recipient_runs/${id}`)).events
  const eventsOfMessage = async ({ id }: Message) =>
    (await belay.get<{ items: Event[] }>(`/v1/messages/${id}/events`)).items
  const told = (triggerId: string, type: string) =>
    until(`the webhook ${type}`, () =>
      webhooks.events().find((event) => event.type === type && event.data['workflow_run_id'] === triggerId),
    )

  await t.test(
    'a try that failed before the delivery is among the message’s events, and no reason of the run',
    async () => {
      status = 503
      const { workflow_run_id: triggerId } = await belay.trigger('hook', { recipients: ['ada'], cancelation_key: 'a' })
      assert.equal((await inBackoff(triggerId)).reason, 'answered 503 busy')
      const [waiting] = await belay.messages({ workflow_run_id: triggerId })
      assert.deepEqual(
        (await eventsOfMessage(waiting!)).map(({ type }) => type),
        ['message.created', 'message.delivery_attempted'],
      )
      status = 204
      await belay.post('/v1/workflows/hook/send_now', { cancelation_key: 'a' })
      const run = await over(triggerId)
      assert.deepEqual([run.error_count, run.reason], [0, null])
      await told(triggerId, 'workflow_recipient_run.completed')
      const events = await eventsOfRun(run)
      const tried = (await eventsOfMessage(waiting!)).find(({ type }) => type === 'message.delivery_attempted')
      assert.equal(events.find(({ event }) => event === 'completed')?.data, null)

      const [message] = await belay.messages({ workflow_run_id: triggerId })
      const deliveredAt = message!.updated_at
      for (const action of ['seen', 'archived']) await belay.request('PUT', `/v1/messages/${message!.id}/${action}`)
      const { seen_at, archived_at } = await belay.get<Message>(`/v1/messages/${message!.id}`)
      assert.notEqual(seen_at, deliveredAt)
      assert.deepEqual(
        (await eventsOfMessage(message!)).map(({ type, data, inserted_at }) => [type, data, inserted_at]),
        [
          ['message.created', null, message!.inserted_at],
          ['message.delivery_attempted', { attempt: 1, reason: 'answered 503 busy' }, tried!.inserted_at],
          ['message.delivered', null, deliveredAt],
          ['message.seen', null, seen_at],
          ['message.archived', null, archived_at],
        ],
      )
    },
  )

  await t.test('a message that fails for good is the reason of its run, whatever is delivered after it', async () => {
    status = 410
    const { workflow_run_id: triggerId } = await belay.trigger('hook-then-feed', { recipients: ['ada'] })
    const run = await over(triggerId)
    assert.deepEqual([run.error_count, run.reason], [1, 'answered 410 busy'])
    const [, undelivered] = await belay.messages({ workflow_run_id: triggerId })
    assert.deepEqual(
      (await eventsOfMessage(undelivered!)).map(({ type, data }) => [type, data]),
      [
        ['message.created', null],
        ['message.delivery_attempted', { attempt: 1, reason: 'answered 410 busy' }],
        ['message.undelivered', { reason: 'answered 410 busy' }],
      ],
    )
  })

  await t.test('a message not sent is its run’s reason only where nothing else reached the recipient', async () => {
    for (const definition of ['feed-then-mail', 'mail-then-feed']) {
      const { workflow_run_id: triggerId } = await belay.trigger(definition, { recipients: ['ada'] })
      const run = await over(triggerId)
      assert.deepEqual([run.error_count, run.reason], [0, null], definition)
      const messages = await belay.messages({ workflow_run_id: triggerId })
      const notSent = messages.find((message) => message.status === 'not_sent')
      assert.equal(notSent!.reason, 'the recipient has no email')
    }
    const { workflow_run_id: triggerId } = await belay.trigger('mail', { recipients: ['ada'], cancelation_key: 'none' })
    assert.equal((await over(triggerId)).reason, 'the recipient has no email')
    const { recipients } = await belay.cancel('mail', { cancelation_key: 'none' })
    assert.deepEqual([recipients[0]?.outcome, recipients[0]?.reason], ['ended', 'the recipient has no email'])
  })

  await t.test('a canceled run has the reason of its cancel, by whatever way it came, and no other', async () => {
    status = 503
    const canceled = async (definition: string, key: string, take: () => Promise<unknown>, reason: string | null) => {
      const { workflow_run_id: triggerId } = await belay.trigger(definition, {
        recipients: ['ada'],
        cancelation_key: key,
      })
      if (definition === 'hook-then-wait') await inBackoff(triggerId)
      await take()
      const run = await until('the cancel', async () => {
        const found = await runOf(triggerId)
        return found.status === 'cancelled' && found
      })
      assert.equal(run.reason, reason)
      assert.equal((await told(triggerId, 'workflow_recipient_run.cancelled')).data['reason'], reason)
      const last = (await eventsOfRun(run)).findLast(({ event }) => event === 'canceled')
      assert.equal(last!.data!.reason, reason)
    }
    const cancel = (key: string, reason?: string) => () =>
      belay.cancel(key === 'backoff' ? 'hook-then-wait' : 'patient', {
        cancelation_key: key,
        ...(reason && { reason }),
      })
    await canceled('patient', 'asleep', cancel('asleep', 'paid'), 'paid')
    await canceled('hook-then-wait', 'backoff', cancel('backoff'), null)
    const byHand = async () => (await toldRun(temporal, 'patient/by-hand')).signal('cancel', { reason: 'asked to' })
    await canceled('patient', 'by-hand', byHand, 'asked to')
  })
})

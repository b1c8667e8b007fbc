import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { z } from 'zod'
import type { deliveryLog } from '../../resources/delivery-log.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { smtpReceiver, smtpReply } from '../../testing/servers/smtp-receiver.ts'
import { delayStep, emailStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

type Log = z.output<typeof deliveryLog>

const SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

test('messages leave through real channels', async (t) => {
  let busy = true
  const smtp = await smtpReceiver({
    onRcptTo({ address }, _session, done) {
      if (address === 'gone@example.com') return done(smtpReply(550, '5.1.1 no such mailbox'))
      if (address === 'busy@example.com' && busy) return done(smtpReply(451, '4.3.0 try again later'))
      done()
    },
  })
  t.after(() => smtp.close())
  const http = await httpReceiver((response, { body }) => {
    response.statusCode = body.includes('refused') ? 410 : 204
    response.end(body.includes('refused') ? 'nobody listens any more' : undefined)
  })
  t.after(() => http.close())

  const mail = emailStep('mail', {
    subject: 'Hello {{ recipient.name }}',
    html_body: '<p>Hi {{ recipient.name }}</p>',
    text_body: 'Hi {{ recipient.name }}',
  })
  const linked = feedStep('link')
  Object.assign(linked.template, { action_url: '{{ data.url }}' })
  const notifications = notificationsFolder({
    'channels.json': {
      'in-app-feed': { type: 'in_app_feed' },
      email: { type: 'email' },
      http: { type: 'http' },
      'no-sender': { type: 'email', settings: { from: '$BELAY_TEST_NOBODY_SETS_THIS' } },
    },
    'mail/workflow.json': workflow(mail, feedStep('after')),
    'hook/workflow.json': workflow(httpStep('hook', http.url, '{"said":{{ data.said | json }}}')),
    'unset/workflow.json': workflow({ ...mail, channel_key: 'no-sender' }, feedStep('after')),
    'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), mail),
    'link/workflow.json': workflow(linked),
  })
  const { belay } = await startProduct(t, {
    notifications,
    store: 'postgres',
    env: {
      SMTP_URL: smtp.url,
      BELAY_EMAIL_FROM: 'Belay <belay@example.com>',
      BELAY_HTTP_SECRET: SECRET,
      BELAY_HTTP_SECRET_HOSTS: '127.0.0.1',
      BELAY_HTTP_ALLOW_PRIVATE: 'true',
    },
  })
  const messagesOf = async (triggerId: string, count: number) =>
    until(`${count} settled messages`, async () => {
      const messages = await belay.messages({ workflow_run_id: triggerId })
      return messages.filter(({ status }) => status !== 'queued').length === count && messages.reverse()
    })
  const mailsTo = (address: string) => smtp.mails.filter(({ to }) => to.includes(address))

  await t.test('an e-mail has a text and an HTML part, and the id of its message', async () => {
    const ada = { id: 'ada', name: 'Ada', email: 'ada@example.com' }
    const { workflow_run_id: triggerId } = await belay.trigger('mail', { recipients: [ada] })
    const [message] = await messagesOf(triggerId, 2)
    assert.equal(message!.status, 'sent')
    assert.match(message!.metadata.external_id!, /queued as 4F2A/)
    const [received, ...more] = mailsTo('ada@example.com')
    assert.equal(more.length, 0)
    assert.match(received!.raw, new RegExp(`^Message-ID: <${message!.id}@example.com>\r$`, 'im'))
    assert.match(received!.raw, /^Subject: Hello Ada\r$/m)
    assert.match(received!.raw, /Content-Type: text\/plain[^]*Hi Ada[^]*Content-Type: text\/html[^]*<p>Hi Ada<\/p>/)
  })

  await t.test(
    'a mailbox that refuses for good makes its message undelivered, with the answer, and the rest goes on',
    async () => {
      const recipients = [
        { id: 'gone', email: 'gone@example.com' },
        { id: 'here', email: 'here@example.com' },
      ]
      const { workflow_run_id: triggerId } = await belay.trigger('mail', { recipients })
      const messages = await messagesOf(triggerId, 4)
      const statuses = messages.map(
        ({ recipient, source, status }) => `${recipient as string} ${source.step_ref} ${status}`,
      )
      assert.deepEqual(statuses.sort(), [
        'gone after delivered',
        'gone mail undelivered',
        'here after delivered',
        'here mail sent',
      ])
      const refused = messages.find(({ status }) => status === 'undelivered')
      assert.match(refused!.reason!, /550 5\.1\.1 no such mailbox/)
      const [run] = await belay.recipientRuns({ workflow_run_id: triggerId, recipient: 'gone' })
      assert.equal(run!.status, 'completed')
      assert.equal(run!.error_count, 1)
    },
  )

  await t.test('a mailbox that is busy is tried again under the same Message-ID; send_now does not wait', async () => {
    const busyOne = { id: 'busy', name: 'Bo', email: 'busy@example.com' }
    const { workflow_run_id: triggerId } = await belay.trigger('mail', {
      recipients: [busyOne],
      cancelation_key: 'busy',
    })
    const asleep = await until('backoff', async () => {
      const found = await belay.messages({ workflow_run_id: triggerId })
      return found.find(({ status, reason }) => status === 'queued' && reason !== null)
    })
    assert.match(asleep.reason!, /451 4\.3\.0 try again later/)
    const backoffMs = Date.parse(asleep.scheduled_at!) - Date.parse(asleep.updated_at)
    assert.ok(backoffMs > 14_000 && backoffMs < 16_000, `the first wait is 15 s, not ${backoffMs} ms`)
    busy = false
    const { status } = await belay.post<{ status: string }>('/v1/workflows/mail/send_now', { cancelation_key: 'busy' })
    assert.equal(status, 'applied')
    const [message] = await messagesOf(triggerId, 2)
    assert.equal(message!.status, 'sent')
    assert.equal(message!.reason, null)
    const [received, ...more] = mailsTo('busy@example.com')
    assert.equal(more.length, 0)
    assert.match(received!.raw, new RegExp(`^Message-ID: <${message!.id}@example.com>\r$`, 'im'))
  })

  await t.test('a request is signed, named by its message, and told apart by its answer', async () => {
    const { workflow_run_id: taken } = await belay.trigger('hook', { recipients: ['ada'], data: { said: '"yes"' } })
    const [message] = await messagesOf(taken, 1)
    assert.equal(message!.status, 'delivered')
    const [request] = http.requests
    assert.equal(request!.body, '{"said":"\\"yes\\""}')
    assert.equal(request!.headers['idempotency-key'], message!.id)
    assert.deepEqual(new Webhook(SECRET).verify(request!.body, request!.headers as Record<string, string>), {
      said: '"yes"',
    })
    const { workflow_run_id: refused } = await belay.trigger('hook', { recipients: ['ada'], data: { said: 'refused' } })
    const [undelivered] = await messagesOf(refused, 1)
    assert.equal(undelivered!.status, 'undelivered')
    assert.equal(undelivered!.reason, 'answered 410 nobody listens any more')
  })

  await t.test('what a provider answered to each try can be read, without what we sent it', async () => {
    const trigger = await belay.trigger('hook', { recipients: ['ada'], data: { said: 'refused' } })
    const [hooked] = await messagesOf(trigger.workflow_run_id, 1)
    const { items } = await belay.get<{ items: Log[] }>(`/v1/messages/${hooked!.id}/delivery_logs`)
    const [{ id, environment_id, inserted_at, response, ...log }] = items as [Log]
    assert.match(id, /^[0-9A-Za-z]{27}$/)
    assert.match(environment_id, /^[0-9a-f-]{36}$/)
    assert.ok(Math.abs(Date.parse(inserted_at) - Date.now()) < 60_000)
    assert.deepEqual(log, {
      __typename: 'MessageDeliveryLog',
      service_name: 'http',
      outcome: 'refused',
      request: { method: 'POST', host: new URL(http.url).host, path: '/' },
    })
    assert.deepEqual([response.status, response.body], [410, 'nobody listens any more'])
    assert.ok(!JSON.stringify(items).includes('signature'))
    const [busyMail] = (await belay.messagesOf('busy')).filter(({ source }) => source.step_ref === 'mail')
    const { items: mailed } = await belay.get<{ items: Log[] }>(`/v1/messages/${busyMail!.id}/delivery_logs`)
    assert.deepEqual(
      mailed.map(({ service_name, outcome }) => [service_name, outcome]),
      [
        ['smtp', 'not_taken'],
        ['smtp', 'sent'],
      ],
    )
    assert.match(mailed[0]!.response.body, /451 4\.3\.0 try again later/)
    assert.match(mailed[1]!.response.body, /queued as 4F2A/)
    const [shown] = (await belay.messagesOf('busy')).filter(({ source }) => source.step_ref === 'after')
    assert.deepEqual((await belay.get<{ items: Log[] }>(`/v1/messages/${shown!.id}/delivery_logs`)).items, [])
  })

  await t.test('a channel that is not set up sends nothing, says why, and shows what it would have said', async () => {
    const { workflow_run_id: triggerId } = await belay.trigger('unset', { recipients: ['ada'] })
    const [message, after] = await messagesOf(triggerId, 2)
    assert.equal(message!.status, 'not_sent')
    assert.match(message!.reason!, /environment variable BELAY_TEST_NOBODY_SETS_THIS is not set/)
    assert.equal(after!.status, 'delivered')
    const content = await belay.get<{ data: Record<string, unknown> }>(`/v1/messages/${message!.id}/content`)
    assert.equal(content.data['subject_line'], 'Hello Ada')
    assert.equal(content.data['text_body'], 'Hi Ada\n')
  })

  await t.test('sandbox_mode carries everything out and sends nothing', async () => {
    const sentBefore = smtp.mails.length
    const { workflow_run_id: triggerId } = await belay.trigger('mail', {
      recipients: ['sandy'],
      settings: { sandbox_mode: true },
    })
    const messages = await messagesOf(triggerId, 2)
    assert.deepEqual(
      messages.map(({ status, reason }) => [status, reason]),
      [
        ['not_sent', 'sandbox mode'],
        ['not_sent', 'sandbox mode'],
      ],
    )
    assert.equal(smtp.mails.length, sentBefore)
    assert.deepEqual(await belay.feed('sandy'), [])
  })

  await t.test('skip_delay passes over the wait', async () => {
    await belay.trigger('patient', {
      recipients: [{ id: 'swift', name: 'Swift', email: 'swift@example.com' }],
      settings: { skip_delay: true },
    })
    await until('the e-mail', () => mailsTo('swift@example.com').length === 1)
  })

  await t.test('the address is the one at the send, not the one at the trigger', async () => {
    const moved = { id: 'moved', name: 'Old', email: 'old@example.com' }
    await belay.trigger('patient', { recipients: [moved], cancelation_key: 'moved' })
    await belay.putUser('moved', { name: 'New', email: 'new@example.com' })
    await belay.post('/v1/workflows/patient/send_now', { cancelation_key: 'moved' })
    await until('the e-mail', () => mailsTo('new@example.com').length === 1)
    assert.match(mailsTo('new@example.com')[0]!.raw, /^Subject: Hello New\r$/m)
    assert.equal(mailsTo('old@example.com').length, 0)
  })

  await t.test('a template that fails for one recipient ends only theirs, visibly', async () => {
    const recipients = [
      { id: 'mallory', $trigger_data: { url: 'javascript:alert(1)' } },
      { id: 'trent', $trigger_data: { url: 'https://example.com/' } },
    ]
    const { workflow_run_id: triggerId } = await belay.trigger('link', { recipients })
    const runs = await until(
      'both over',
      async () => {
        const found = await belay.recipientRuns({ workflow_run_id: triggerId })
        return found.every(({ status }) => status === 'completed') && found
      },
      90_000,
    )
    const failed = runs.find(({ recipient }) => recipient === 'mallory')
    assert.equal(failed!.error_count, 1)
    assert.equal(failed!.reason, 'step link, template.action_url: is an address that is not safe to open')
    assert.equal((await belay.feed('trent')).length, 1)
    assert.deepEqual(await belay.feed('mallory'), [])
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createEmailSender } from '../../channels/email/smtp.ts'
import { SMTP_LIMITS } from '../../channels/email/smtp-limits.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { smtpReceiver } from '../../testing/servers/smtp-receiver.ts'

const channel: Channel = {
  key: 'mail',
  id: '9c1d2f0a-4d52-5d6e-8a43-0f7f4a0d7c11',
  type: 'email',
  name: 'Mail',
  provider: 'smtp',
  settings: {},
}

test('connections that were kept and whose server moved in silence are found out before they carry a message', async (t) => {
  const receiver = await smtpReceiver()
  const proxy = await proxyTo(Number(new URL(receiver.url).port))
  const limits = { ...SMTP_LIMITS, probe: 500 }
  const defaults = { SMTP_URL: `smtp://127.0.0.1:${proxy.port}`, BELAY_EMAIL_FROM: 'notify@acme.example' }
  const sender = createEmailSender(defaults, {}, limits)
  t.after(async () => {
    await sender.close()
    await proxy.close()
    await receiver.close()
  })
  const send = async (messageId: string) => {
    const email = {
      messageId,
      recipient: { reference: 'u1', properties: { email: 'ada@example.com' } },
      content: { subject_line: 'You are invited', html_body: '<p>Hello</p>', text_body: 'Hello' },
    }
    const { signal } = new AbortController()
    return (await sender.send(email, channel, { signal, onHandedOver: () => undefined })).kind
  }
  assert.deepEqual(await Promise.all([send('a'), send('b'), send('c')]), ['sent', 'sent', 'sent'])
  // They rest for longer than a connection that has just carried one.
  await wait(1_200)
  proxy.silence()
  const began = performance.now()
  assert.equal(await send('d'), 'sent')
  assert.ok(performance.now() - began < 20_000, 'rather than the minutes of RFC 5321')
  assert.equal(receiver.mails.length, 4)
})

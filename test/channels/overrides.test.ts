import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { simpleParser } from 'mailparser'
import { Links } from '../../channels/links.ts'
import { laidOver } from '../../channels/payload-overrides.ts'
import { withOverrides } from '../../channels/email/json-overrides.ts'
import { mailgun, postmark, resend, sendgrid, ses } from '../../channels/email/smtp-presets.ts'
import { createEmailSender, smtp, type SmtpService } from '../../channels/email/smtp.ts'
import { trackedText } from '../../channels/sms/tracked-text.ts'
import type { Outgoing } from '../../channels/sender.ts'
import type { JsonObject } from '../../store/schema/columns.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import type { SmsContent } from '../../channels/sms/content.ts'
import { MESSAGE_ID, sendThrough } from '../../testing/fixtures/provider.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { smtpReceiver } from '../../testing/servers/smtp-receiver.ts'

test('overrides are merged at every depth, the later over the earlier; lists and what says replace are not', () => {
  const payload = { to: 'd', notification: { title: 'Hi', body: 'B' }, tags: ['a'] }
  assert.deepEqual(laidOver(payload, { notification: { image: 'i' }, tags: ['b'] }), {
    to: 'd',
    notification: { title: 'Hi', body: 'B', image: 'i' },
    tags: ['b'],
  })
  assert.deepEqual(laidOver(payload, { notification: { __strategy__: 'replace', image: 'i' } }).notification, {
    image: 'i',
  })
  assert.deepEqual(laidOver(payload, { a: 1, notification: { title: 'C' } }, { a: 2, notification: { body: 'S' } }), {
    ...payload,
    a: 2,
    notification: { title: 'C', body: 'S' },
  })
  assert.deepEqual(laidOver(payload, undefined, null), payload)
  assert.deepEqual(laidOver({}, { a: { __strategy__: 'merge', b: null } }), { a: { b: null } })
  const named = laidOver({}, JSON.parse('{"__proto__": {"x": 1}}') as object)
  assert.deepEqual([Object.keys(named), 'x' in named], [['__proto__'], false])
})

test('a push has what its channel says, and over that what its template says', async () => {
  const server = await httpReceiver((response) => response.end(JSON.stringify({ data: { status: 'ok', id: '1' } })))
  after(() => server.close())
  const settings = { api_url: server.url, payload_overrides: { sound: 'default', data: { from: 'channel' } } }
  const content = { title: 'Hi', body: 'B', delivery_type: 'content', payload_overrides: { sound: 'ping' } } as const
  await sendThrough({ type: 'push', provider: 'expo', settings, content, channelData: { tokens: ['t'] } })
  assert.deepEqual(JSON.parse(server.requests[0]!.body), {
    to: 't',
    title: 'Hi',
    body: 'B',
    sound: 'ping',
    data: { belay_message_id: MESSAGE_ID, from: 'channel' },
  })
})

test('a device that is gone stays in channel data where the step says so', async () => {
  const server = await httpReceiver((response) => {
    response.end(JSON.stringify({ data: { status: 'error', details: { error: 'DeviceNotRegistered' } } }))
  })
  after(() => server.close())
  const content = { title: 'Hi', body: 'B', delivery_type: 'content', payload_overrides: null } as const
  const send = (more: object) =>
    sendThrough({
      type: 'push',
      provider: 'expo',
      settings: { api_url: server.url },
      content: { ...content, ...more },
      channelData: { tokens: ['t'] },
    })
  assert.deepEqual(((await send({})) as { gone?: string[] }).gone, ['t'])
  const kept = (await send({ token_deregistration: false })) as { kind: string; reason: string; gone?: string[] }
  assert.deepEqual([kept.kind, kept.gone], ['refused', undefined])
  assert.doesNotMatch(kept.reason, /dropped/)
})

test('Slack looks nobody up by e-mail where the step says so', async () => {
  const server = await httpReceiver((response) =>
    response.end(JSON.stringify({ ok: true, user: { id: 'U1' }, ts: '1' })),
  )
  after(() => server.close())
  const content = { template: { blocks: [], json_content: { text: 'x' }, summary: null } }
  const send = (more: object) =>
    sendThrough({
      type: 'chat',
      provider: 'slack',
      settings: { access_token: 'xoxb-9', api_url: server.url },
      content: { ...content, ...more },
      properties: { email: 'ada@acme.example' },
    })
  const refused = await send({ email_based_user_id_resolution: false })
  assert.deepEqual([refused.kind, server.requests.length], ['not_sent', 0])
  assert.deepEqual([(await send({})).kind, server.requests.length], ['sent', 2])
})

test('links of an SMS lead over ours where it asks for that, without what only ends a sentence', () => {
  const links = new Links('https://belay.example', 'secret')
  const of = (body: string, more: Partial<SmsContent> = { link_tracking: true }): Outgoing<SmsContent> => ({
    messageId: MESSAGE_ID,
    recipient: { reference: 'u1', properties: {} },
    content: { to: null, body, payload_overrides: null, ...more },
  })
  const text = 'See https://acme.example/a?b=1. Or (http://acme.example/c), not acme.example'
  const { body } = trackedText(of(text), links)
  const found = /^See (\S+)\. Or \((\S+)\), not acme\.example$/.exec(body)!
  const targets = found.slice(1).map((url) => links.read('click', url.replace('https://belay.example/l/click/', '')))
  assert.deepEqual(
    targets.map((each) => each?.target),
    ['https://acme.example/a?b=1', 'http://acme.example/c'],
  )
  assert.deepEqual(trackedText(of(body), links).body, body, 'ours are left alone')
  assert.deepEqual(trackedText(of(text, {}), links), { body: text, told: {} })
  const without = trackedText(of(text), undefined)
  assert.deepEqual([without.body, Object.keys(without.told)], [text, ['tracking']])
})

test('what a provider’s API would take stands in the headers by which its SMTP server takes it', () => {
  const of = (service: object, overrides: JsonObject) => {
    const given = service as SmtpService<never>
    const own = given.headers?.('m1', { configuration_set: 'c' } as never) ?? {}
    const made = withOverrides(own, overrides, given.overrides)
    return { headers: made.headers, left: made.told['json_overrides']?.split(': ')[1] }
  }
  const api = of(sendgrid, { custom_args: { a: 'ü', belay_message_id: 'x' }, categories: ['c'], mail_settings: {} })
  assert.deepEqual(JSON.parse(api.headers['X-SMTPAPI'] as string), {
    unique_args: { a: 'ü', belay_message_id: 'm1' },
    category: ['c'],
  })
  assert.match(api.headers['X-SMTPAPI'] as string, /^[\x20-\x7e]+$/)
  assert.equal(api.left, 'mail_settings')
  assert.deepEqual(of(postmark, { Tag: 't', Metadata: { order: 7 }, TrackOpens: true, From: 'x' }), {
    headers: {
      'X-PM-Metadata-belay-message-id': 'm1',
      'X-PM-KeepID': 'true',
      'X-PM-Tag': 't',
      'X-PM-Metadata-order': '7',
      'X-PM-TrackOpens': 'true',
    },
    left: 'From',
  })
  const tags = { EmailTags: [{ Name: 'a', Value: 'b' }], ConfigurationSetName: 'other' }
  assert.deepEqual(of(ses, tags).headers, {
    'X-SES-CONFIGURATION-SET': 'other',
    'X-SES-MESSAGE-TAGS': 'belay_message_id=m1, a=b',
  })
  const gun = of(mailgun, { 'o:tag': ['a', 'b'], 'v:order': 7, 'h:X-A': '1', 'h:Subject': 'x' })
  assert.deepEqual(gun.headers['X-Mailgun-Tag'], ['a', 'b'])
  assert.deepEqual(JSON.parse(gun.headers['X-Mailgun-Variables'] as string), { order: 7, belay_message_id: 'm1' })
  assert.deepEqual([gun.headers['X-A'], gun.left], ['1', 'h:Subject'])
  assert.deepEqual(of(resend, { headers: { 'X-A': '1' }, tags: [] }), {
    headers: { 'Resend-Idempotency-Key': 'm1', 'X-A': '1' },
    left: 'tags',
  })
})

test('a header of an override is sent on one line, and never one that has a field of its own', async () => {
  const receiver = await smtpReceiver()
  after(() => receiver.close())
  const sender = createEmailSender({ SMTP_URL: receiver.url, BELAY_EMAIL_FROM: 'n@acme.example' }, {}, undefined, smtp)
  after(() => sender.close())
  const send = async (json_overrides: JsonObject) => {
    const message: Outgoing<EmailContent> = {
      messageId: MESSAGE_ID,
      recipient: { reference: 'u1', properties: { email: 'ada@example.com' } },
      content: { subject_line: 'Hi', html_body: '<p>Hi</p>', text_body: 'Hi', settings: { json_overrides } },
    }
    const channel = { key: 'mail', id: 'c', type: 'email', name: 'Mail', provider: 'smtp', settings: {} } as const
    const attempt = { signal: new AbortController().signal, onHandedOver: () => undefined }
    const result = await sender.send(message, channel, attempt)
    return { result, mail: await simpleParser(receiver.mails.at(-1)!.raw) }
  }
  const one = await send({ headers: { 'X-Order': 'a\r\nBcc: eve@example.com' }, custom_args: {} })
  assert.equal(one.mail.headers.get('x-order'), 'a Bcc: eve@example.com')
  assert.deepEqual(receiver.mails[0]!.to, ['ada@example.com'])
  assert.equal(one.result.kind, 'sent')
  assert.match(one.result.filled!['json_overrides']!, /left out.*: custom_args$/)
  const other = await send({ headers: [{ name: 'Subject', value: 'Other' }] })
  assert.deepEqual([other.mail.subject, other.result.filled!['json_overrides']?.split(': ')[1]], ['Hi', 'headers'])
})

import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { Channel } from '../../definitions/catalog.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import type { messages } from '../../store/schema/index.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const WHSEC = `whsec_${Buffer.from('a secret of resend').toString('base64')}`
const CALLBACK = 'https://notify.acme.example/v1/channels/twilio/events'
const QUERIED = 'https://notify.acme.example/v1/channels/twilio-q/events?from=twilio&of=acme'
const FRAGMENT = 'https://notify.acme.example/v1/channels/twilio-f/events'
const FRAGMENT_ID = '9c1d2f0a-4d52-5d6e-8a43-0f7f4a0d7c12'
const QUERIED_ID = '9c1d2f0a-4d52-5d6e-8a43-0f7f4a0d7c11'

function channel(key: string, settings: Record<string, unknown>): Channel {
  const id = `9c1d2f0a-4d52-5d6e-8a43-${Buffer.from(key.padEnd(6)).toString('hex').slice(0, 12)}`
  return { key, id, type: key === 'twilio' ? 'sms' : 'email', name: key, provider: key, settings }
}
const channels = [
  channel('twilio', { status_callback: CALLBACK, auth_token: '12345' }),
  { ...channel('twilio', { status_callback: QUERIED, auth_token: '12345' }), key: 'twilio-q', id: QUERIED_ID },
  {
    ...channel('twilio', { status_callback: `${FRAGMENT}#rc=5&rp=all`, auth_token: '12345' }),
    key: 'twilio-f',
    id: FRAGMENT_ID,
  },
  channel('sendgrid', { webhook_public_key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') }),
  channel('postmark', { webhook_secret: 'pm-secret', server_token: '$NOT_SET_IN_THE_API' }),
  channel('resend', { webhook_secret: WHSEC }),
  channel('mailgun', { webhook_signing_key: 'mg-key' }),
  channel('smtp', {}),
]

let api: ApiServer
before(async () => {
  api = await startApi({ definitions: new Map(), channels })
  await seedChannels(api.deps.store.db)
})
after(() => api.close())

/** A message of an e-mail channel that is in no file any more, or of the channel that is named. */
async function mailed(
  status: 'sent' | 'queued' | 'not_sent' = 'sent',
  key?: string,
  more: Partial<typeof messages.$inferInsert> = {},
): Promise<string> {
  api.clock.now = Date.now() + 1_000
  const [run] = await seedTrigger(api.deps.store.db, { recipients: ['ada'] })
  const settledAt = status === 'queued' ? null : new Date()
  const of = channels.find((each) => each.key === key)
  const its = of && { channelId: of.id, channelType: of.type }
  return seedMessage(api.deps.store.db, run!, { step: 2, status, settledAt, ...its, ...more })
}
async function stateOf(id: string) {
  const { status, reason } = (await api.call('GET', `/v1/messages/${id}`)).body as Record<string, unknown>
  const events = (await api.call('GET', `/v1/messages/${id}/events`)).body as { items: { type: string }[] }
  return { status, reason, events: events.items.map(({ type }) => type.replace('message.', '')) }
}

interface Signed {
  path: string
  body: string
  headers: Record<string, string>
}
async function report({ path, body, headers }: Signed): Promise<number> {
  const answer = await fetch(`${api.url}/v1/channels/${path}`, { method: 'POST', body, headers })
  return answer.status
}
const seconds = (offset = 0) => String(Math.floor(api.clock.now / 1_000) + offset)

function twilio(id: string, MessageStatus: string, callback = CALLBACK): Signed {
  const form = {
    MessageSid: 'SM1',
    MessageStatus,
    AccountSid: 'AC1',
    ...(MessageStatus === 'failed' && { ErrorCode: '30003' }),
  }
  const fields = Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1))
  const url = `${callback}${callback.includes('?') ? '&' : '?'}message_id=${id}`
  const signed = `${url}${fields.map(([name, value]) => name + value).join('')}`
  const signature = createHmac('sha1', '12345').update(signed).digest('base64')
  const headers = { 'x-twilio-signature': signature, 'content-type': 'application/x-www-form-urlencoded' }
  const [, path = ''] = url.split('/v1/channels/')
  return { path, body: new URLSearchParams(form).toString(), headers }
}
function sendgrid(events: object[], at = seconds()): Signed {
  const body = JSON.stringify(events)
  const signature = sign('sha256', Buffer.from(at + body), privateKey).toString('base64')
  const name = 'x-twilio-email-event-webhook'
  const headers = { [`${name}-signature`]: signature, [`${name}-timestamp`]: at, 'content-type': 'application/json' }
  return { path: 'sendgrid/events', body, headers }
}
function postmark(event: object, secret = 'pm-secret'): Signed {
  const authorization = `Basic ${Buffer.from(`belay:${secret}`).toString('base64')}`
  return { path: 'postmark/events', body: JSON.stringify(event), headers: { authorization } }
}
function resend(event: object, at = Number(seconds())): Signed {
  const body = JSON.stringify(event)
  const signature = new Webhook(WHSEC).sign('msg_1', new Date(at * 1_000), body)
  const headers = { 'svix-id': 'msg_1', 'svix-timestamp': String(at), 'svix-signature': `v1,AAAA ${signature}` }
  return { path: 'resend/events', body, headers }
}
function mailgun(data: object, timestamp = seconds()): Signed {
  const token = 'a-token'
  const signature = createHmac('sha256', 'mg-key')
    .update(timestamp + token)
    .digest('hex')
  const body = JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': data })
  return { path: 'mailgun/events', body, headers: { 'content-type': 'application/json' } }
}

test('each provider’s delivery and its bounce, as its reference shows them, move the message', async () => {
  const cases: [(id: string) => Signed, (id: string) => Signed, string, RegExp][] = [
    [(id) => twilio(id, 'delivered'), (id) => twilio(id, 'failed'), 'undelivered', /^failed, Twilio error 30003$/],
    [
      (id) => sendgrid([{ event: 'processed' }, { event: 'delivered', belay_message_id: id }]),
      (id) => sendgrid([{ event: 'bounce', type: 'bounce', reason: '500 unknown recipient', belay_message_id: id }]),
      'bounced',
      /^bounce: 500 unknown recipient$/,
    ],
    [
      (id) => postmark({ RecordType: 'Delivery', Metadata: { 'belay-message-id': id } }),
      (id) =>
        postmark({
          RecordType: 'Bounce',
          Type: 'HardBounce',
          Description: 'Unknown user',
          Metadata: { 'belay-message-id': id },
        }),
      'bounced',
      /^HardBounce: Unknown user$/,
    ],
    [
      (id) => resend({ type: 'email.delivered', data: { headers: [{ name: 'X-Belay-Message-ID', value: id }] } }),
      (id) =>
        resend({
          type: 'email.bounced',
          data: { message_id: `<${id}@acme.example>`, bounce: { type: 'Permanent', message: 'no' } },
        }),
      'bounced',
      /^Permanent: no$/,
    ],
    [
      (id) => mailgun({ event: 'delivered', 'user-variables': { belay_message_id: id } }),
      (id) =>
        mailgun({
          event: 'failed',
          severity: 'permanent',
          'delivery-status': { message: '550 no such user' },
          'user-variables': { belay_message_id: id },
        }),
      'bounced',
      /^550 no such user$/,
    ],
  ]
  for (const [delivery, failure, status, reason] of cases) {
    const id = await mailed('sent', delivery('').path.split('/')[0])
    assert.equal(await report(delivery(id)), 200)
    assert.deepEqual(await stateOf(id), { status: 'delivered', reason: null, events: ['created', 'sent', 'delivered'] })
    api.clock.now += 1_000
    assert.equal(await report(failure(id)), 200)
    const failed = await stateOf(id)
    assert.equal(failed.status, status)
    assert.match(String(failed.reason), reason)
    assert.deepEqual(failed.events, ['created', 'sent', 'delivered', status])
    // Said again, or the delivery after it: nothing goes backwards.
    assert.deepEqual([await report(failure(id)), await report(delivery(id))], [200, 200])
    assert.deepEqual(await stateOf(id), failed)
  }
})

test('a callback of Twilio whose address has a query is checked with it, and once', async () => {
  const id = await mailed('sent', 'twilio')
  assert.equal(await report(twilio(id, 'delivered', QUERIED)), 200)
  assert.equal((await stateOf(id)).status, 'delivered')
  const other = twilio(id, 'failed', QUERIED)
  assert.equal(await report({ ...other, path: other.path.replace('of=acme', 'of=other') }), 401)
})

test('a callback of Twilio whose address says how to connect is checked without that', async () => {
  const id = await mailed('sent', 'twilio')
  assert.equal(await report(twilio(id, 'delivered', FRAGMENT)), 200)
  assert.equal((await stateOf(id)).status, 'delivered')
})

test('what becomes of a copy moves nothing: a message is as its recipient got it', async () => {
  const about: [string, (id: string, email: string) => Signed][] = [
    ['sendgrid', (id, email) => sendgrid([{ event: 'bounce', email, belay_message_id: id }])],
    [
      'postmark',
      (id, Email) =>
        postmark({ RecordType: 'Bounce', Type: 'HardBounce', Email, Metadata: { 'belay-message-id': id } }),
    ],
    [
      'mailgun',
      (id, recipient) =>
        mailgun({ event: 'failed', severity: 'permanent', recipient, 'user-variables': { belay_message_id: id } }),
    ],
  ]
  const content = {
    ...{ subject_line: 'Hello', html_body: '<p>Hello</p>', to: 'ada@a.example, both@a.example' },
    ...{ cc: 'archive@a.example', bcc: 'Boss@a.example, both@a.example' },
  }
  for (const [key, bounceOf] of about) {
    const id = await mailed('sent', key, { content })
    for (const copy of ['archive@a.example', 'BOSS@a.example']) assert.equal(await report(bounceOf(id, copy)), 200)
    assert.equal((await stateOf(id)).status, 'sent', key)
    for (const whom of ['Ada@a.example', 'both@a.example', 'forwarded@b.example']) {
      const other = await mailed('sent', key, { content })
      assert.equal(await report(bounceOf(other, whom)), 200)
      assert.equal((await stateOf(other)).status, 'bounced', `${key} ${whom}`)
    }
  }
  const both = await mailed('sent', 'sendgrid', { content })
  const events = [
    { event: 'bounce', email: 'boss@a.example', belay_message_id: both },
    { event: 'delivered', email: 'ada@a.example', belay_message_id: both },
  ]
  assert.equal(await report(sendgrid(events)), 200)
  assert.equal((await stateOf(both)).status, 'delivered')
})

test('a report that is not signed, signed for something else, or old is refused and changes nothing', async () => {
  const id = await mailed()
  const delivered = { event: 'delivered', 'user-variables': { belay_message_id: id } }
  const all = [
    twilio(id, 'delivered'),
    sendgrid([{ event: 'delivered', belay_message_id: id }]),
    resend({ type: 'email.delivered', data: { message_id: `<${id}@a>` } }),
    mailgun(delivered),
    postmark({ RecordType: 'Delivery', Metadata: { 'belay-message-id': id } }),
  ]
  // Mailgun signs a token in the body, and the others headers.
  const forged = mailgun(delivered).body.replace('a-token', 'b-token')
  assert.equal(await report({ ...mailgun(delivered), body: forged }), 401)
  for (const signed of all.filter(({ path }) => !path.startsWith('mailgun')))
    assert.equal(await report({ ...signed, headers: {} }), 401, signed.path)
  for (const signed of all.slice(0, 3))
    assert.equal(await report({ ...signed, body: signed.body.replace('delivered', 'bounced') }), 401, signed.path)
  assert.equal(await report({ ...twilio(id, 'delivered'), path: 'twilio/events?message_id=another' }), 401)
  assert.equal(await report(postmark({ RecordType: 'Delivery', Metadata: { 'belay-message-id': id } }, 'no')), 401)
  assert.equal(await report(sendgrid([{ event: 'delivered', belay_message_id: id }], seconds(-301))), 401)
  assert.equal(
    await report(resend({ type: 'email.delivered', data: { message_id: `<${id}@a>` } }, Number(seconds(301)))),
    401,
  )
  assert.equal(await report(mailgun(delivered, seconds(-13 * 3_600))), 401)
  assert.equal((await stateOf(id)).status, 'sent')
})

test('a report that is replayed is answered as one that the provider offers again, and moves nothing', async () => {
  const signed: ((id: string) => [Signed, Signed])[] = [
    (id) => [twilio(id, 'delivered'), twilio(id, 'failed')],
    (id) => [
      sendgrid([{ event: 'delivered', belay_message_id: id }]),
      sendgrid([{ event: 'bounce', type: 'bounce', reason: '500', belay_message_id: id }]),
    ],
    (id) => [
      resend({ type: 'email.delivered', data: { message_id: `<${id}@a>` } }),
      resend({ type: 'email.bounced', data: { message_id: `<${id}@a>` } }),
    ],
    (id) => [
      mailgun({ event: 'delivered', 'user-variables': { belay_message_id: id } }),
      mailgun({ event: 'failed', severity: 'permanent', 'user-variables': { belay_message_id: id } }),
    ],
  ]
  for (const make of signed) {
    const id = await mailed('sent', make('')[0].path.split('/')[0])
    const [delivery, failure] = make(id)
    assert.equal(await report(delivery), 200)
    assert.equal(await report(failure), 200)
    const failed = await stateOf(id)
    assert.notEqual(failed.status, 'delivered')
    assert.equal(await report(delivery), 200)
    assert.equal(await report(failure), 200)
    assert.deepEqual(await stateOf(id), failed, delivery.path)
  }
})

test('what is still being sent is to be reported again; what is unknown, was never sent, or says nothing is left alone', async () => {
  const delivered = (id: string) => postmark({ RecordType: 'Delivery', Metadata: { 'belay-message-id': id } })
  assert.equal(await report(delivered(await mailed('queued'))), 503)
  const never = await mailed('not_sent')
  assert.equal(await report(delivered(never)), 200)
  assert.equal((await stateOf(never)).status, 'not_sent')
  assert.equal(await report(delivered('nobody')), 200)
  const id = await mailed()
  assert.equal(await report(postmark({ RecordType: 'Open', Metadata: { 'belay-message-id': id } })), 200)
  assert.equal(
    await report(postmark({ RecordType: 'Bounce', Type: 'Transient', Metadata: { 'belay-message-id': id } })),
    200,
  )
  assert.equal((await stateOf(id)).status, 'sent')
})

test('a provider says nothing of messages that another carries, nor of those of another type', async () => {
  const says: Record<string, (id: string) => Signed> = {
    twilio: (id) => twilio(id, 'failed'),
    sendgrid: (id) =>
      sendgrid([
        { event: 'bounce', belay_message_id: id },
        { event: 'dropped', belay_message_id: id },
      ]),
    postmark: (id) => postmark({ RecordType: 'Bounce', Type: 'HardBounce', Metadata: { 'belay-message-id': id } }),
    resend: (id) => resend({ type: 'email.bounced', data: { message_id: `<${id}@a>` } }),
    mailgun: (id) => mailgun({ event: 'failed', severity: 'permanent', 'user-variables': { belay_message_id: id } }),
  }
  for (const key of [...Object.keys(says), 'smtp']) {
    const id = await mailed('sent', key)
    for (const [from, say] of Object.entries(says)) if (from !== key) assert.equal(await report(say(id)), 200)
    assert.equal((await stateOf(id)).status, 'sent', key)
  }
  const [run] = await seedTrigger(api.deps.store.db, { recipients: ['ada'] })
  const shown = await seedMessage(api.deps.store.db, run!, { step: 1 })
  for (const say of Object.values(says)) assert.equal(await report(say(shown)), 200)
  assert.equal((await stateOf(shown)).status, 'delivered')
})

test('what a provider never writes is taken or refused, and moves nothing: odd JSON, odd ids, many at once', async () => {
  const id = await mailed('sent', 'sendgrid')
  const odd = [null, 1, 'x', [], [[null]], {}, { event: ['bounce'] }, { event: 'bounce', belay_message_id: [id] }]
  for (const event of [...odd, { event: 'bounce', belay_message_id: `${id}\0` }, { event: 'bounce' }]) {
    assert.equal(await report(sendgrid([event as object])), 200)
    assert.equal(await report(postmark(event as object)), 200)
    assert.equal(await report(resend(event as object)), 200)
    assert.equal(await report(mailgun(event as object)), 200)
  }
  const many = Array.from({ length: 9_000 }, (_, n) => ({ event: 'bounce', belay_message_id: `${id}${n}` }))
  assert.equal(await report(sendgrid(many)), 200)
  for (const body of ['', '{', '"', 'null', '[', '\0', '{"a":'.repeat(20_000)]) {
    const authorization = `Basic ${Buffer.from('belay:pm-secret').toString('base64')}`
    const status = await report({ path: 'postmark/events', body, headers: { authorization } })
    assert.equal(status, body === 'null' ? 200 : 401, body.slice(0, 9))
  }
  assert.equal((await stateOf(id)).status, 'sent')
  // What is kept of the words is short, and one that the store cannot hold is left out.
  const reason = `no\0such\u0000 user\ud800 ${'x'.repeat(100_000)}`
  assert.equal(await report(sendgrid([{ event: 'bounce', reason, belay_message_id: id }])), 200)
  const { status, reason: kept } = await stateOf(id)
  assert.equal(status, 'bounced')
  assert.ok(String(kept).startsWith('bounce: no') && String(kept).length < 3_000, String(kept))
})

test('channels that report nothing, and reports that are too large, are refused', async () => {
  assert.equal(await report({ path: 'smtp/events', body: '{}', headers: {} }), 404)
  assert.equal(await report({ path: 'nobody/events', body: '{}', headers: {} }), 404)
  assert.equal(await report({ path: 'postmark/events', body: 'x'.repeat(1_100_000), headers: {} }), 413)
})

test('who brings no key is given some room, and takes none of that of others', async () => {
  const port = Number(new URL(api.url).port)
  const uploads = Array.from({ length: 30 }, () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    const head = ['POST /v1/channels/postmark/events HTTP/1.1', 'Host: a', 'Content-Length: 1000000']
    socket.write(`${head.join('\r\n')}\r\n\r\n{`)
    return socket
  })
  await eventually(async () => {
    assert.equal(await report({ path: 'postmark/events', body: 'x'.repeat(1_000_000), headers: {} }), 503)
  })
  assert.equal(await report({ path: 'nobody/events', body: 'x'.repeat(1_000_000), headers: {} }), 404)
  const data = 'x'.repeat(900_000)
  const put = () => api.call('PUT', '/v1/users/ada', { body: { name: data } })
  for (const { status } of await Promise.all(Array.from({ length: 20 }, put))) assert.equal(status, 422)
  for (const socket of uploads) socket.destroy()
  await eventually(async () => {
    assert.equal(await report({ path: 'postmark/events', body: '{}', headers: {} }), 401)
  })
})

test('a channel that a reload brings takes reports, and one that it took away does not', async () => {
  const before = api.deps.catalog
  const renamed = { ...channels[4]!, key: 'other' }
  api.deps.catalog = { ...before, channels: [renamed] }
  try {
    assert.equal(await report({ path: 'other/events', body: '{}', headers: {} }), 401)
    assert.equal(await report({ path: 'postmark/events', body: '{}', headers: {} }), 404)
  } finally {
    api.deps.catalog = before
  }
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SmsContent } from '../../channels/sms/content.ts'
import { sendThrough } from '../../testing/fixtures/provider.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

// Written from https://www.twilio.com/docs/messaging/api/message-resource, "Create a Message", and
// https://www.twilio.com/docs/usage/twilios-response for errors.

const ACCOUNT = 'AC0123456789abcdef0123456789abcdef'
const sms: SmsContent = { to: null, body: 'Hi, Ada ✓ & co', payload_overrides: null }

async function twilio(...args: Parameters<typeof httpReceiver>) {
  const server = await httpReceiver(...args)
  after(() => server.close())
  const settings = { account_sid: ACCOUNT, auth_token: '$TWILIO_TOKEN', from: '+15017122661', api_url: server.url }
  const send = (
    content: Partial<SmsContent> = {},
    properties: object = { phone_number: '+1 (555) 867-5310' },
    more = {},
  ) =>
    sendThrough({
      type: 'sms',
      provider: 'twilio',
      settings: { ...settings, ...more },
      content: { ...sms, ...content },
      properties: properties as Record<string, unknown>,
      env: { TWILIO_TOKEN: 'secret' },
    })
  return { server, send }
}

const created: Parameters<typeof httpReceiver>[0] = (response) =>
  response.writeHead(201).end(JSON.stringify({ sid: 'SM0123456789abcdef0123456789abcdef', status: 'queued' }))

test('an SMS is the form fields of the reference, with the account’s login', async () => {
  const { server, send } = await twilio(created)
  const result = await send()
  assert.deepEqual(result, {
    kind: 'sent',
    externalId: 'SM0123456789abcdef0123456789abcdef',
    filled: { to: '+15558675310' },
    handedOver: true,
  })
  const [request] = server.requests
  assert.equal(request!.method, 'POST')
  assert.equal(request!.url, `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`)
  assert.equal(request!.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(request!.headers.authorization, `Basic ${Buffer.from(`${ACCOUNT}:secret`).toString('base64')}`)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request!.body)), {
    To: '+15558675310',
    From: '+15017122661',
    Body: 'Hi, Ada ✓ & co',
  })
})

test('the template’s number and overrides, a messaging service and a report address are sent', async () => {
  const { server, send } = await twilio(created)
  await send(
    { to: '+447700900123', payload_overrides: { ValidityPeriod: 60 } },
    {},
    {
      from: undefined,
      messaging_service_sid: 'MG1',
      status_callback: 'https://belay.example/v1/channels/c/events',
    },
  )
  assert.deepEqual(Object.fromEntries(new URLSearchParams(server.requests[0]!.body)), {
    To: '+447700900123',
    MessagingServiceSid: 'MG1',
    StatusCallback: 'https://belay.example/v1/channels/c/events?message_id=2aBcDeFgHiJkLmNoPqRsTuVwXyZ',
    Body: 'Hi, Ada ✓ & co',
    ValidityPeriod: '60',
  })
})

test('what tells Twilio how to connect stands behind the query of the report address', async () => {
  const { server, send } = await twilio(created)
  await send({}, undefined, { status_callback: 'https://belay.example/v1/channels/c/events#rc=5&rp=all' })
  assert.equal(
    new URLSearchParams(server.requests[0]!.body).get('StatusCallback'),
    'https://belay.example/v1/channels/c/events?message_id=2aBcDeFgHiJkLmNoPqRsTuVwXyZ#rc=5&rp=all',
  )
})

test('each refusal ends as what it means, with Twilio’s code and words', async () => {
  const cases: [number, object, string, RegExp, Record<string, string>?][] = [
    [
      400,
      { code: 21211, message: "The 'To' number is not a valid phone number." },
      'refused',
      /^answered 400 21211 The/,
    ],
    [400, { code: 21610, message: 'Attempt to send to unsubscribed recipient' }, 'refused', /21610/],
    [401, { code: 20003, message: 'Authenticate' }, 'not_taken', /^answered 401 20003/],
    [403, { code: 20003, message: 'Permission Denied' }, 'not_taken', /^answered 403 20003 Permission Denied$/],
    [403, { code: 20005, message: 'Account not active' }, 'not_taken', /20005/],
    [403, { code: 21408, message: 'Not enabled for the region' }, 'refused', /21408/],
    [429, { code: 20429, message: 'Too Many Requests' }, 'not_taken', /20429/, { 'retry-after': '7' }],
    [503, {}, 'not_taken', /^answered 503/],
  ]
  for (const [status, body, kind, reason, headers = {}] of cases) {
    const { send } = await twilio((response) => response.writeHead(status, headers).end(JSON.stringify(body)))
    const result = await send()
    assert.equal(result.kind, kind, String(status))
    assert.match((result as { reason: string }).reason, reason)
    if (status === 429) assert.equal((result as { retryAfterMs?: number }).retryAfterMs, 7_000)
  }
})

test('a hang-up after the request leaves its end unknown, and no connection is not taken', async () => {
  const { server, send } = await twilio((response) => response.destroy())
  const unknown = await send()
  assert.deepEqual([unknown.kind, (unknown as { repeatable?: boolean }).repeatable], ['unknown', false])
  assert.deepEqual(unknown.filled, { to: '+15558675310' }, 'whom it may have reached')
  await server.close()
  const away = await send()
  assert.deepEqual([away.kind, away.handedOver], ['not_taken', false])
})

test('nothing is sent without a number that can be one', async () => {
  const { server, send } = await twilio(created)
  for (const phone_number of [undefined, '', '5551234', '+0123456789', 7, '+1555\r\n5551234;ext=1']) {
    const result = await send({}, { phone_number })
    assert.equal(result.kind, 'not_sent')
    assert.match((result as { reason: string }).reason, /phone_number/)
  }
  assert.equal(server.requests.length, 0)
})

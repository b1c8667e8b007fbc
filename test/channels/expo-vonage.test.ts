import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { MESSAGE_ID, sendThrough } from '../../testing/fixtures/provider.ts'
import { providerRows } from '../../testing/fixtures/provider-rows.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

async function answering(status: number, body: object) {
  const server = await httpReceiver((response) => response.writeHead(status).end(JSON.stringify(body)))
  after(() => server.close())
  return server
}

// Written from https://docs.expo.dev/push-notifications/sending-notifications/#http2-api and its list of ticket errors.
test('Expo takes a message a device, and its ticket says how it ended', async () => {
  const cases: [number, object, string][] = [
    [200, { data: { status: 'ok', id: 'XXXX-1' } }, 'sent'],
    [200, { data: { status: 'error', message: 'gone', details: { error: 'DeviceNotRegistered' } } }, 'refused'],
    [200, { data: { status: 'error', message: 'slow', details: { error: 'MessageRateExceeded' } } }, 'not_taken'],
    [200, { data: [{ status: 'error', message: 'gone', details: { error: 'DeviceNotRegistered' } }] }, 'refused'],
    [200, { data: [{ status: 'ok' }, { status: 'ok' }] }, 'unknown'],
    [400, { errors: [{ code: 'VALIDATION_ERROR', message: 'no' }] }, 'refused'],
    [429, { errors: [{ code: 'TOO_MANY_REQUESTS', message: 'no' }] }, 'not_taken'],
    [503, {}, 'not_taken'],
  ]
  for (const [status, body, kind] of cases) {
    const server = await answering(status, body)
    const result = await sendThrough({
      type: 'push',
      provider: 'expo',
      settings: { api_url: server.url, access_token: 'secret' },
      channelData: { tokens: ['ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'] },
      content: { title: 'Hi', body: 'Ada', delivery_type: 'content', payload_overrides: { sound: 'default' } },
    })
    assert.equal(result.kind, kind, JSON.stringify(body))
    const isGone = JSON.stringify(body).includes('DeviceNotRegistered')
    assert.deepEqual(result.gone, isGone ? ['ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'] : undefined)
    const [{ url, headers, body: sent }] = server.requests as [(typeof server.requests)[number]]
    assert.deepEqual([url, headers.authorization], ['/--/api/v2/push/send', 'Bearer secret'])
    assert.deepEqual(JSON.parse(sent), {
      to: 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]',
      title: 'Hi',
      body: 'Ada',
      sound: 'default',
      data: { belay_message_id: MESSAGE_ID },
    })
  }
})

// Written from https://developer.vonage.com/en/api/sms#send-an-sms and its list of error codes.
test('Vonage is given the number without its plus, and its status says how it ended', async () => {
  const cases: [object, string][] = [
    [{ status: '0', 'message-id': 'aaaaaaaa-1' }, 'sent'],
    [{ status: '1', 'error-text': 'Throttled' }, 'not_taken'],
    [{ status: '4', 'error-text': 'Bad Credentials' }, 'not_taken'],
    [{ status: '8', 'error-text': 'Partner Account Barred' }, 'not_taken'],
    [{ status: '6', 'error-text': 'Invalid Message' }, 'refused'],
    [{ status: '12', 'error-text': 'Message Too Long' }, 'refused'],
    [{ status: '29', 'error-text': 'Non-Whitelisted Destination' }, 'refused'],
  ]
  for (const [part, kind] of cases) {
    const server = await answering(200, { 'message-count': '1', messages: [part] })
    const result = await sendThrough({
      type: 'sms',
      provider: 'vonage',
      settings: { api_key: 'abcd1234', api_secret: '$VONAGE', from: 'Acme', api_url: server.url },
      env: { VONAGE: 'secret' },
      properties: { phone_number: '+447700900000' },
      content: { to: null, body: 'Grüß dich ✓', payload_overrides: null },
    })
    assert.equal(result.kind, kind, JSON.stringify(part))
    assert.deepEqual(JSON.parse(server.requests[0]!.body), {
      api_key: 'abcd1234',
      api_secret: 'secret',
      from: 'Acme',
      to: '447700900000',
      text: 'Grüß dich ✓',
      type: 'unicode',
      'client-ref': MESSAGE_ID,
    })
  }
})

test('a long text of which Vonage took some parts is not repeated, and one of which it took none ends by their statuses', async () => {
  const taken = { status: '0', 'message-id': 'aaaaaaaa-1' }
  const throttled = { status: '1', 'error-text': 'Throttled' }
  const barred = { status: '7', 'error-text': 'Number Barred' }
  const cases: [object[], string, string?][] = [
    [[taken, taken], 'sent'],
    [[taken, throttled], 'unknown', '1 of 2 parts were taken; status 1 Throttled'],
    [[throttled, taken, taken], 'unknown', '2 of 3 parts were taken; status 1 Throttled'],
    [[throttled, throttled], 'not_taken', 'status 1 Throttled'],
    [[throttled, barred], 'refused', 'status 7 Number Barred'],
    [[taken, {}], 'unknown'],
  ]
  for (const [messages, kind, told] of cases) {
    const server = await answering(200, { 'message-count': String(messages.length), messages })
    const result = await sendThrough(providerRows.vonage!.given(server.url))
    assert.equal(result.kind, kind, JSON.stringify(messages))
    if (told !== undefined) assert.equal((result as { reason: string }).reason, told)
  }
})

test('Vonage is told of a text that the alphabet of an SMS cannot hold', async () => {
  for (const [body, type] of [
    ['Code [1] {2} ~^|\\ 5', undefined],
    ['run `belay`', 'unicode'],
  ] as const) {
    const server = await answering(200, { 'message-count': '1', messages: [{ status: '0' }] })
    await sendThrough({
      type: 'sms',
      provider: 'vonage',
      settings: { api_key: 'abcd1234', api_secret: '$VONAGE', from: 'Acme', api_url: server.url },
      env: { VONAGE: 'secret' },
      properties: { phone_number: '+447700900000' },
      content: { to: null, body, payload_overrides: null },
    })
    assert.equal((JSON.parse(server.requests[0]!.body) as { type?: string }).type, type)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWebhookSender } from '../../events/webhooks/webhook-sender.ts'
import { readSettings } from '../../settings/settings.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

const body = {
  __typename: 'Event',
  id: '6c6f5e6a-0a2c-4c39-8d16-4d3b5f4a0001',
  type: 'message.sent',
  created_at: '2026-01-01T00:00:00.000Z',
  data: {},
  event_data: null,
} as const

const post = async (env: NodeJS.ProcessEnv) => {
  const settings = readSettings(env)
  const sender = createWebhookSender(settings)
  try {
    const refused = await sender.post(settings.BELAY_WEBHOOKS[0]!, body, 'environment', new AbortController().signal)
    return refused === null ? null : refused.reason
  } finally {
    await sender.close()
  }
}

test('a private address is refused, unless private ones are allowed', async (t) => {
  const receiver = await httpReceiver()
  t.after(() => receiver.close())
  const reason = await post({ BELAY_WEBHOOKS: receiver.url })
  assert.match(
    String(reason),
    /127\.0\.0\.1 is not a public address; BELAY_HTTP_ALLOW_PRIVATE=127\.0\.0\.1 allows this host/,
  )
  assert.equal(receiver.requests.length, 0)
  assert.equal(await post({ BELAY_WEBHOOKS: receiver.url, BELAY_HTTP_ALLOW_PRIVATE: '127.0.0.0/8' }), null)
})

test('without a secret an event is not signed', async (t) => {
  const receiver = await httpReceiver()
  t.after(() => receiver.close())
  await post({ BELAY_WEBHOOKS: receiver.url, BELAY_HTTP_ALLOW_PRIVATE: 'true' })
  assert.equal(receiver.requests[0]!.headers['x-knock-signature'], undefined)
})

test('an answer that breaks off after a 2xx counts as delivered, no answer at all as refused', async (t) => {
  const receiver = await httpReceiver((response, { url }) => {
    if (url === '/silent') response.destroy()
    else response.writeHead(200, { 'content-length': 1_000 }).write('some', () => response.destroy())
  })
  t.after(() => receiver.close())
  const env = { BELAY_HTTP_ALLOW_PRIVATE: 'true' }
  assert.equal(await post({ ...env, BELAY_WEBHOOKS: receiver.url }), null)
  assert.match(String(await post({ ...env, BELAY_WEBHOOKS: `${receiver.url}/silent` })), /other side closed/)
})

test('Retry-After is told, and 410 ends the event for good', async (t) => {
  const receiver = await httpReceiver((response, { url }) => {
    response.writeHead(url === '/gone' ? 410 : 503, { 'retry-after': '120' }).end()
  })
  t.after(() => receiver.close())
  const refusedAt = async (url: string) => {
    const settings = readSettings({ BELAY_WEBHOOKS: url, BELAY_HTTP_ALLOW_PRIVATE: 'true' })
    const sender = createWebhookSender(settings)
    t.after(() => sender.close())
    return sender.post(settings.BELAY_WEBHOOKS[0]!, body, 'environment', new AbortController().signal)
  }
  assert.deepEqual(await refusedAt(receiver.url), { reason: 'answered 503', retryAfterMs: 120_000, isFinal: false })
  assert.equal((await refusedAt(`${receiver.url}/gone`))?.isFinal, true)
})

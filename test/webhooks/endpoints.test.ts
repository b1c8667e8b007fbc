import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings, SettingsError } from '../../settings/settings.ts'
import { webhookEvents } from '../../settings/webhook-endpoints.ts'

const read = (value: string | undefined) => readSettings({ BELAY_WEBHOOKS: value }).BELAY_WEBHOOKS

test('unset, there are no endpoints', () => {
  assert.deepEqual(read(undefined), [])
})

test('URLs with commas between them get every event', () => {
  const endpoints = read('https://a.example/hook?x=1, http://b.example')
  assert.deepEqual(
    endpoints.map(({ url, secret, events }) => [url, secret, events.size]),
    [
      ['https://a.example/hook?x=1', undefined, webhookEvents.length],
      ['http://b.example', undefined, webhookEvents.length],
    ],
  )
  assert.match(endpoints[0]!.key, /^[0-9a-f]{16}$/)
  assert.notEqual(endpoints[0]!.key, endpoints[1]!.key)
})

test('an endpoint may name events, or all of one kind, and have a secret of its own', () => {
  const events = ['message.sent', 'workflow_recipient_run.*']
  const [endpoint] = read(JSON.stringify([{ url: 'https://a.example', secret: 'a secret of 16 characters', events }]))
  assert.equal(endpoint?.secret, 'a secret of 16 characters')
  assert.deepEqual([...endpoint.events].sort(), [
    'message.sent',
    'workflow_recipient_run.cancelled',
    'workflow_recipient_run.completed',
    'workflow_recipient_run.error',
    'workflow_recipient_run.started',
  ])
})

test('a setting that cannot be used is refused, and says where', () => {
  for (const [value, where] of [
    ['nowhere', /BELAY_WEBHOOKS\.0\.url: must be an http:/],
    ['https://user:password@a.example', /BELAY_WEBHOOKS\.0\.url: must not hold a login/],
    ['https://a.example,https://a.example', /BELAY_WEBHOOKS\.1\.url: is listed twice/],
    ['[{"url": "https://a.example"', /BELAY_WEBHOOKS: must be a JSON list/],
    ['{"url": "https://a.example"}', /BELAY_WEBHOOKS: must be a JSON list/],
    ['[{"url": "https://a.example", "event": []}]', /BELAY_WEBHOOKS\.0: .*"event"/],
    ['[{"url": "https://a.example", "events": []}]', /BELAY_WEBHOOKS\.0\.events: must name an event/],
    [
      '[{"url": "https://a.example", "events": ["message.send"]}]',
      /BELAY_WEBHOOKS\.0\.events\.0: must be one of .*message\.sent/,
    ],
    ['[{"url": "https://a.example", "secret": "short"}]', /BELAY_WEBHOOKS\.0\.secret: must have 16/],
  ] as const) {
    assert.throws(
      () => read(value),
      (error) => error instanceof SettingsError && where.test(error.message),
      value,
    )
  }
})

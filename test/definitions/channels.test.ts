import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { uuidOf } from '../../definitions/version.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

const id = '7d6c0b9e-22a5-4c3f-8f7b-0c8f4a8f6a11'

function folder(t: TestContext, channels: object, channelKey?: string, type = 'email'): string {
  const template = type === 'email' ? { subject: 'Hi', html_body: 'Hi' } : { markdown_body: 'Hi' }
  const step = { ref: 'step_1', type: 'channel', channel_type: type, channel_key: channelKey, template }
  return notificationsFolder({ 'channels.json': channels, 'hello/workflow.json': { steps: [step] } })
}

async function channelUsed(folder: string) {
  const step = (await readCatalog(folder)).definitions.get('hello')!.definition.steps[0]!
  return step.type === 'channel' ? step.channel : undefined
}

test('a channel keeps the id it is given, and else has one made of its key', async (t) => {
  const channels = { postmark: { type: 'email', id: id.toUpperCase() }, mailgun: { type: 'email' } }
  assert.deepEqual(await channelUsed(folder(t, channels, 'postmark')), { key: 'postmark', id })
  assert.deepEqual(await channelUsed(folder(t, channels, 'mailgun')), { key: 'mailgun', id: uuidOf('mailgun') })
})

test('the id made of a key never changes', () => {
  assert.equal(uuidOf('in-app-feed'), '142f7248-149b-5666-a357-459e19c9880e')
})

test("a key channels.json does not have falls back to the type's first channel", async (t) => {
  const channels = { postmark: { type: 'email', id }, mailgun: { type: 'email' } }
  assert.deepEqual(await channelUsed(folder(t, channels, 'sendgrid')), { key: 'postmark', id })
  assert.deepEqual(await channelUsed(folder(t, channels)), { key: 'postmark', id })
})

test("a type without any channel has Belay's own, and the in-app feed always does", async (t) => {
  assert.deepEqual(await channelUsed(folder(t, {}, 'sendgrid')), { key: 'email', id: uuidOf('email') })
  const { channels } = await readCatalog(
    folder(t, { feed: { type: 'in_app_feed' }, postmark: { type: 'email' } }, 'feed', 'in_app_feed'),
  )
  assert.deepEqual(
    channels.map(({ key, type }) => [key, type]),
    [
      ['feed', 'in_app_feed'],
      ['postmark', 'email'],
      ['in-app-feed', 'in_app_feed'],
      ['http', 'http'],
      ['chat', 'chat'],
      ['sms', 'sms'],
      ['push', 'push'],
    ],
  )
})

test("a step may not use another type's channel", async (t) => {
  const [problem] = await problemsOf(folder(t, { postmark: { type: 'email' } }, 'postmark', 'in_app_feed'))
  assert.deepEqual(
    [problem?.step, problem?.field, problem?.message],
    ['step_1', 'channel_key', 'the channel postmark is of type email, not in_app_feed'],
  )
})

test('settings are kept as they are written', async (t) => {
  const settings = { smtp_url: '$MAIL_URL', from: 'Belay <belay@example.com>' }
  const { channels } = await readCatalog(folder(t, { postmark: { type: 'email', name: 'Mail', settings } }))
  assert.deepEqual(channels[0], {
    key: 'postmark',
    id: uuidOf('postmark'),
    type: 'email',
    name: 'Mail',
    provider: 'smtp',
    settings,
  })
})

test('what cannot be a channel is refused by its key', async (t) => {
  const cases: [object, string][] = [
    [{ slack: { type: 'chat' } }, 'slack.provider'],
    [{ slack: { type: 'in_app_guide' } }, 'slack.type'],
    [{ twilio: { type: 'sms', provider: 'twilio', settings: { auth_token: 'x' } } }, 'twilio.settings.account_sid'],
    [{ slack: {} }, 'slack.type'],
    [{ mail: { type: 'email', id: 'mail' } }, 'mail.id'],
    [{ mail: { type: 'email', from: 'a@example.com' } }, 'mail.from'],
    [{ mail: { type: 'email', provider: 'pigeon' } }, 'mail.provider'],
    [{ 'in-app-feed': { type: 'email' } }, 'in-app-feed.type'],
    [{ a: { type: 'email', id }, b: { type: 'http', id } }, 'b.id'],
    [{ 'Big Mail': { type: 'email' } }, 'Big Mail'],
  ]
  for (const [channels, field] of cases) {
    const problems = await problemsOf(folder(t, channels))
    assert.deepEqual(
      problems.map((problem) => [problem.file, problem.field]),
      [['channels.json', field]],
    )
  }
})

test('a setting its channel type does not have, or cannot use, is named with its channel', async () => {
  const folder = notificationsFolder({
    'channels.json': {
      mail: { type: 'email', settings: { from: 'nobody', port: 25, smtp_url: '$SMTP_URL' } },
      relay: { type: 'email', settings: { smtp_url: 'smtp://' } },
      hook: { type: 'http', settings: { headers: { 'Webhook-Id': 'x' }, timeout_seconds: 600 } },
    },
  })
  const fields = (await problemsOf(folder)).map(({ file, field }) => `${file}: ${field ?? ''}`)
  assert.deepEqual(fields.sort(), [
    'channels.json: hook.settings.headers.Webhook-Id',
    'channels.json: hook.settings.timeout_seconds',
    'channels.json: mail.settings.from',
    'channels.json: mail.settings.port',
    'channels.json: relay.settings.smtp_url',
  ])
})

test('a field that a channel or a group does not have is named, each by itself', async () => {
  const folder = notificationsFolder({
    'channels.json': {
      mail: { type: 'email', from: 'a@example.com', reply_to: 'b@example.com' },
      chats: { channels: [{ key: 'mail', weight: 1 }], kind: 'any' },
    },
  })
  const fields = (await problemsOf(folder)).map(({ field }) => field)
  for (const field of ['mail.from', 'mail.reply_to', 'chats.kind']) assert.ok(fields.includes(field), String(fields))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

const step = (ref: string, template: object, given: object = {}) => ({ ref, type: 'channel', template, ...given })

test('a channel step without a type is of its channel’s, else as its template, else as its ref begins', async () => {
  const folder = notificationsFolder({
    'channels.json': { texts: { type: 'sms', provider: 'twilio', settings: twilio } },
    'hello/workflow.json': {
      steps: [
        step('first', { text_body: 'Hi' }, { channel_key: 'texts' }),
        step('second', { subject: 'Hi', html_body: '<p>Hi</p>' }),
        step('third', { title: 'Hi', text_body: 'there' }, { channel_type: null }),
        step('in_app_feed_1', { markdown_body: 'Hi' }, { channel_type: '' }),
        step('sms_1', { text_body: 'Hi' }),
        step('slack_1', { markdown_body: 'Hi' }),
        step('webhook_1', { method: 'post', url: 'https://example.com' }),
      ],
    },
  })
  const { definitions } = await readCatalog(folder)
  assert.deepEqual(
    definitions.get('hello')!.definition.steps.map((each) => each.type === 'channel' && each.channelType),
    ['sms', 'email', 'push', 'in_app_feed', 'sms', 'chat', 'http'],
  )
})
const twilio = { account_sid: '$SID', auth_token: '$TOKEN', from: '+15550100' }

test('a channel step whose type nothing tells is refused, with the types there are', async () => {
  const folder = notificationsFolder({ 'hello/workflow.json': { steps: [step('tell', { markdown_body: 'Hi' })] } })
  const [problem] = await problemsOf(folder)
  assert.deepEqual([problem?.step, problem?.field], ['tell', 'channel_type'])
  assert.match(problem!.message, /must have a channel_type: one of in_app_feed, email/)
})

test('fields that are absent, empty or null say nothing', async () => {
  const unset = {
    name: null,
    channel_key: '',
    channel_overrides: null,
    channel_group_key: '',
    conditions: {},
    send_windows: [],
  }
  const plain = { steps: [step('email_1', { subject: 'Hi', html_body: 'Hi' })] }
  const written = {
    name: null,
    categories: null,
    conditions: null,
    settings: {},
    trigger_frequency: null,
    trigger_data_json_schema: {},
    __readonly: null,
    steps: [step('email_1', { subject: 'Hi', html_body: 'Hi', text_body: '', settings: {} }, unset)],
  }
  const { definitions } = await readCatalog(
    notificationsFolder({ 'plain/workflow.json': plain, 'written/workflow.json': written }),
  )
  const steps = (key: string) => definitions.get(key)!.definition.steps
  assert.deepEqual(steps('written'), steps('plain'))
})

test('a condition on a step that is not there, and a schema that does not compile, are refused with their places', async () => {
  const conditions = { all: [{ variable: 'refs.feed_9.status', operator: 'less_than', argument: '$message.seen' }] }
  const problems = await problemsOf(
    notificationsFolder({
      'hello/workflow.json': {
        trigger_data_json_schema: { type: 'nonsense' },
        steps: [step('email_1', { subject: 'Hi', html_body: 'Hi' }, { conditions })],
      },
    }),
  )
  const told = problems.map(({ step: ref, field, message }) => [ref, field, message] as const)
  const condition = told.find(([ref]) => ref === 'email_1')!
  assert.equal(condition[1], 'conditions.all[0].variable')
  assert.match(condition[2], /feed_9/)
  assert.match(told.find(([, field]) => field === 'trigger_data_json_schema')![2], /does not compile/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelStep } from '../../definitions/step.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

/** What a step must have; all else may be absent, or written as not set. */
const least = [
  { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hello' } },
  { ref: 'email_1', type: 'channel', channel_type: 'email', template: { subject: 'Hi', html_body: '<p>Hi</p>' } },
  { ref: 'sms_1', type: 'channel', channel_type: 'sms', template: { text_body: 'Hi' } },
  { ref: 'push_1', type: 'channel', channel_type: 'push', template: { title: 'Hi' } },
  { ref: 'chat_1', type: 'channel', channel_type: 'chat', template: { markdown_body: 'Hi' } },
  { ref: 'http_1', type: 'channel', channel_type: 'http', template: { method: 'post', url: 'https://x.example' } },
  { ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'days', value: 1 } } },
  { ref: 'delay_2', type: 'delay', settings: { delay_until_field_path: 'data.at' } },
  { ref: 'batch_1', type: 'batch', settings: { batch_window: { unit: 'days', value: 1 } } },
  { ref: 'batch_2', type: 'batch', settings: { batch_until_field_path: 'data.at' } },
  { ref: 'throttle_1', type: 'throttle', settings: { throttle_window: { unit: 'days', value: 1 } } },
  { ref: 'fetch_1', type: 'http_fetch', settings: { method: 'get', url: 'https://x.example' } },
  { ref: 'trigger_1', type: 'trigger_workflow', settings: { workflow_key: 'other' } },
  { ref: 'update_1', type: 'update_user', settings: { update_properties: '{}' } },
  { ref: 'data_1', type: 'update_data', settings: { data: '{}' } },
  { ref: 'wait_1', type: 'wait_for_event', settings: { event: { event_type: 'recipient', event_key: 'updated' } } },
  { ref: 'branch_1', type: 'branch', branches: [{ steps: [] }] },
]

/** By place within a step: names that may be there. */
const optional: Record<string, readonly string[]> = {
  step: ['name', 'description', 'conditions'],
  channel: ['channel_key', 'channel_overrides', 'send_windows'],
  in_app_feed: ['action_url', 'action_buttons'],
  email: ['visual_blocks', 'text_body', 'settings'],
  sms: ['settings'],
  push: ['text_body', 'settings'],
  chat: ['json_body', 'summary'],
  http: ['headers', 'query_params', 'body'],
  delay: ['delay_for', 'delay_until_field_path'],
  batch: [
    ...['batch_key', 'batch_window', 'batch_until_field_path', 'batch_window_type', 'batch_window_extension_limit'],
    ...['batch_order', 'batch_items_render_limit', 'batch_items_max_limit', 'batch_execution_mode'],
    'workflow_version_mode',
  ],
  throttle: ['throttle_key', 'throttle_limit', 'throttle_window', 'throttle_window_field_path'],
  http_fetch: ['headers', 'query_params', 'body', 'response_path', 'signing_key'],
  trigger_workflow: ['recipients', 'actor', 'tenant', 'data', 'cancellation_key'],
  update_user: ['recipient_mode', 'recipient_gid'],
  wait_for_event: ['expires_after', 'match_conditions', 'on_match', 'on_timeout', 'look_back'],
}
const lists = /^(action_buttons|visual_blocks|headers|query_params|send_windows|match_conditions)$/
const numbers = /_limit$/
const objects =
  /^(channel_overrides|settings|conditions|delay_for|batch_window|expires_after|look_back|throttle_window)$/

type Fields = Record<string, unknown>

/** The step with all that may be there, written as not set: null, or empty of its type. */
function unset(step: Fields, how: 'null' | 'empty'): Fields {
  const emptyOf = (name: string): unknown => {
    if (how === 'null' || numbers.test(name)) return null
    return lists.test(name) ? [] : objects.test(name) ? {} : ''
  }
  const fill = (given: Fields, kind: string): Fields => {
    return { ...Object.fromEntries((optional[kind] ?? []).map((name) => [name, emptyOf(name)])), ...given }
  }
  const filled = fill(fill(step, 'step'), step['type'] === 'channel' ? 'channel' : '')
  // Branches have no conditions of their own step.
  if (step['type'] === 'branch') delete filled['conditions']
  if (step['template'] !== undefined)
    filled['template'] = fill(step['template'] as Fields, step['channel_type'] as string)
  if (step['settings'] !== undefined) filled['settings'] = fill(step['settings'] as Fields, step['type'] as string)
  return filled
}

const folderOf = (steps: object[], more: object = {}) =>
  notificationsFolder({ 'hello/workflow.json': { steps, ...more } })
const stepsOf = async (folder: string) => (await readCatalog(folder)).definitions.get('hello')!.definition.steps

test('what is absent, null or empty says nothing, in every step', async () => {
  const plain = await stepsOf(folderOf(least))
  for (const how of ['null', 'empty'] as const) {
    const steps = least.map((step) => unset(step, how))
    const nothing = how === 'null' ? null : ''
    const more = { name: nothing, description: nothing, tags: [], categories: null, conditions: null, settings: null }
    const folder = folderOf(steps, { ...more, trigger_data_json_schema: null, trigger_frequency: nothing })
    assert.deepEqual(await problemsOf(folder), [], how)
    assert.deepEqual(await stepsOf(folder), plain, how)
  }
})

test('of a name and the same with @ the one that is set counts, whatever the separators of its path', async () => {
  const template = { subject: 'Hi', html_body: null, 'html_body@': '.\\email_1\\body.html', 'text_body@': null }
  const step = { ref: 'email_1', type: 'channel', channel_type: 'email', template }
  const other = { ...step, ref: 'email_2', template: { subject: 'Hi', html_body: '<p>Own</p>', 'html_body@': '' } }
  const folder = notificationsFolder({
    'hello/workflow.json': { steps: [step, other] },
    'hello/email_1/body.html': '<p>File</p>',
  })
  const bodies = (await stepsOf(folder)).map((each) => (each as ChannelStep & { channelType: 'email' }).template.body)
  assert.deepEqual(bodies, [{ html: '<p>File</p>' }, { html: '<p>Own</p>' }])
})

test('an e-mail whose list of blocks is empty is its layout, or its text where it has one; an in-app message may have a link and buttons', async () => {
  const email = {
    ref: 'email_1',
    type: 'channel',
    channel_type: 'email',
    template: { subject: 'Hi', visual_blocks: [] },
  }
  const action_buttons = [{ label: 'Yes', action: 'https://x.example/y' }]
  const template = { markdown_body: 'x', action_url: 'https://x.example', action_buttons }
  const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template }
  const [mail, item] = (await stepsOf(folderOf([email, feed]))) as ChannelStep[]
  assert.deepEqual((mail as ChannelStep & { channelType: 'email' }).template.body, { visualBlocks: [] })
  const text = { ...email, template: { ...email.template, text_body: 'Hi', settings: { layout_key: 'default' } } }
  const [plain] = (await stepsOf(folderOf([text]))) as ChannelStep[]
  assert.deepEqual((plain as ChannelStep & { channelType: 'email' }).template.body, { html: '' })
  assert.deepEqual((item as ChannelStep & { channelType: 'in_app_feed' }).template.actionUrl, 'https://x.example')
})

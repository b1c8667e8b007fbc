import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemLine } from '../../definitions/problem.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import { readCatalog, readFolder } from '../../definitions/read-catalog.ts'
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

/** The step with all that may be there, written as not set: null, empty of its type, or empty of any other. */
function unset(step: Fields, how: 'null' | 'empty' | '""' | '[]' | '{}'): Fields {
  const emptyOf = (name: string): unknown => {
    if (how !== 'null' && how !== 'empty') return JSON.parse(how)
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
  for (const how of ['null', 'empty', '""', '[]', '{}'] as const) {
    const steps = least.map((step) => unset(step, how))
    const nothing: unknown = how === 'null' || how === 'empty' ? { null: null, empty: '' }[how] : JSON.parse(how)
    const names = ['name', 'description', 'tags', 'active', 'categories', 'conditions', 'settings', '__readonly']
    const more = [...names, 'trigger_data_json_schema', 'trigger_frequency'].map((name) => [name, nothing])
    const folder = folderOf(steps, Object.fromEntries(more) as object)
    assert.deepEqual(await problemsOf(folder), [], how)
    assert.deepEqual(await stepsOf(folder), plain, how)
  }
})

test('what is empty of any kind says nothing deep in blocks, layouts and partials, too', async () => {
  const names = {
    pixels: ['padding_top', 'padding_right', 'padding_bottom', 'padding_left', 'column_gap', 'horizontal_align'],
    style: ['background_color', 'text_color', 'border_color', 'border_width', 'border_radius'],
  }
  const filesOf = (nothing?: unknown) => {
    const of = (...fields: string[]) => Object.fromEntries(fields.map((name) => [name, nothing]))
    const edges = { layout_attrs: of(...names.pixels), style_attrs: of(...names.style), ...of('id', 'version') }
    const looks = { size_attrs: of('size', 'is_fullwidth'), style_attrs: of(...names.style), ...of('variant') }
    const buttons = [{ label: 'Go', action: 'https://x.example', ...looks }]
    const image = { type: 'image', url: 'https://x.example/a.png', ...of('alt', 'action') }
    const visual_blocks = [
      { type: 'markdown', content: 'Hi', ...edges },
      { type: 'button_set', buttons, ...edges },
      { ...image, ...edges, style_attrs: of('width') },
      { type: 'partial', key: 'box', attrs: { title: 'Hi' }, ...edges },
      { type: 'row', columns: [{ blocks: [{ type: 'divider', ...edges }], ...of('name', 'variant') }], ...edges },
    ]
    const template = { subject: 'Hi', visual_blocks, settings: { layout_key: 'plain' } }
    const step = { ref: 'email_1', type: 'channel', channel_type: 'email', template }
    return {
      'hello/workflow.json': { steps: [step], __readonly: of('active', 'created_at') },
      'layouts/plain/layout.json': {
        html_layout: '<main>{{ content }}</main>',
        ...of('text_layout', 'is_mjml', 'footer_links', 'branding_overrides'),
      },
      'partials/box/partial.json': {
        type: 'html',
        content: '<b>{{ title }}</b>',
        ...of('visual_block_enabled', 'input_schema'),
      },
    }
  }
  const read = async (nothing?: unknown) => {
    const { definitions, problems, warnings } = await readFolder(notificationsFolder(filesOf(nothing)))
    return [definitions.get('hello')?.definition, problems, warnings]
  }
  const plain = await read()
  assert.ok(plain[0])
  for (const nothing of [null, '', [], {}]) assert.deepEqual(await read(nothing), plain, JSON.stringify(nothing))
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

/** The same with a field that Belay does not know in each of its objects. */
function within(given: unknown, value: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given
  if (Array.isArray(given)) return given.map((each) => within(each, value))
  const inner = Object.entries(given).map(([name, each]) => [name, within(each, value)])
  return { ...Object.fromEntries(inner), some_new_field: value }
}

const pair = { key: 'x-a', value: 'b' }
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const button = { label: 'Go', action: 'https://x.example', size_attrs: { size: 'sm' }, style_attrs: {} }
const conditions = { all: [{ any: [{ variable: 'data.a', operator: 'equal_to', argument: 1 }] }] }
const event = { event_type: 'event', event_key: 'paid' }
const block = { type: 'markdown', content: 'Hi', layout_attrs: { padding_top: 4 } }
const blocks = [block, { type: 'row', columns: [{ blocks: [block] }] }, { type: 'button_set', buttons: [button] }]

/** Objects in every place where there may be one. */
const most = {
  settings: { is_commercial: false },
  conditions,
  steps: [
    ...least.filter(({ type }) => type !== 'branch'),
    {
      ref: 'feed_2',
      type: 'channel',
      channel_type: 'in_app_feed',
      channel_overrides: { link_tracking: true },
      template: { markdown_body: 'Hi', action_buttons: [{ label: 'Go', action: 'https://x.example' }] },
    },
    {
      ref: 'email_2',
      type: 'channel',
      channel_type: 'email',
      channel_overrides: { from_name: 'A' },
      send_windows: days.map((day) => ({ day, type: 'send' })),
      template: { subject: 'Hi', visual_blocks: blocks, settings: { layout_key: 'default' } },
    },
    {
      ref: 'http_2',
      type: 'channel',
      channel_type: 'http',
      template: { method: 'post', url: 'https://x.example', headers: [pair], query_params: [pair] },
    },
    { ref: 'fetch_2', type: 'http_fetch', settings: { method: 'get', url: 'https://x.example', headers: [pair] } },
    {
      ref: 'fetch_3',
      type: 'http_fetch',
      settings: { method: 'get', url: 'https://x.example', headers: '{"{{ data.name }}": "x", "x-b": "{{ data.b }}"}' },
    },
    { ref: 'delay_3', type: 'delay', settings: { delay_for: { frequency: 'daily', hours: 9 } } },
    {
      ref: 'wait_2',
      type: 'wait_for_event',
      settings: {
        ...{ event, expires_after: { unit: 'days', value: 1 }, look_back: { unit: 'days', value: 1 } },
        match_conditions: [{ operator: 'and', conditions: conditions.all[0]!.any }],
      },
    },
    { ref: 'branch_1', type: 'branch', branches: [{ conditions, steps: [] }, { steps: [] }] },
    {
      ref: 'cohort_1',
      type: 'random_cohort',
      cohort_branches: ['50', '50'].map((percentage) => ({ percentage, steps: [] })),
    },
  ],
}

test('a field that Belay does not know may stand in every object of a workflow, as long as it says nothing', async () => {
  const plain = await stepsOf(notificationsFolder({ 'hello/workflow.json': most }))
  for (const value of [null, '', [], {}, { inner: null }]) {
    const folder = notificationsFolder({ 'hello/workflow.json': within(most, value) })
    assert.deepEqual((await problemsOf(folder)).map(problemLine), [], JSON.stringify(value))
    assert.deepEqual(await stepsOf(folder), plain, JSON.stringify(value))
  }
  for (const name of ['some_new_field', '__proto__'])
    for (const value of ['0', 'false', '" "', '[1]', '{"inner":0}']) {
      const step = JSON.stringify(least[0]).replace(/^{/, `{${JSON.stringify(name)}:${value},`)
      const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': `{"steps":[${step}]}` }))
      assert.deepEqual(
        problems.map(({ step, field }) => [step, field]),
        [['feed_1', name]],
        value,
      )
    }
})

test('a duration without a number and a rule without a frequency say nothing', async () => {
  const unit = 'days'
  const duration = { unit, value: 1 }
  const twins: [string, object, object][] = [
    ['delay', { delay_for: duration }, { delay_for: { ...duration, frequency: null, days: [], hours: null } }],
    ['delay', { delay_for: { frequency: 'daily' } }, { delay_for: { frequency: 'daily', unit: '', value: null } }],
    ['throttle', { throttle_window: duration }, { throttle_window: { ...duration, frequency: '' } }],
    ...([null, ''] as const).flatMap((value): [string, object, object][] => [
      [
        'delay',
        { delay_until_field_path: 'data.at' },
        { delay_until_field_path: 'data.at', delay_for: { unit, value } },
      ],
      [
        'batch',
        { batch_until_field_path: 'data.at' },
        { batch_until_field_path: 'data.at', batch_window: { unit, value } },
      ],
      [
        'batch',
        { batch_window: duration, batch_window_type: 'sliding' },
        { batch_window: duration, batch_window_type: 'sliding', batch_window_extension_limit: { unit, value } },
      ],
      [
        'throttle',
        { throttle_window_field_path: 'data.at' },
        { throttle_window_field_path: 'data.at', throttle_window: { unit, value } },
      ],
      ['wait_for_event', { event }, { event, expires_after: { unit, value }, look_back: { unit, value } }],
    ]),
  ]
  for (const [type, settings, unset] of twins) {
    const [plain, same] = [settings, unset].map((each) =>
      folderOf([{ ref: 'step_1', type, settings: each }, least[0]!]),
    )
    assert.deepEqual((await problemsOf(same!)).map(problemLine), [], JSON.stringify(unset))
    assert.deepEqual(await stepsOf(same!), await stepsOf(plain!), JSON.stringify(unset))
  }
  const [problem, ...more] = await problemsOf(
    folderOf([{ ref: 'step_1', type: 'delay', settings: { delay_for: { unit, value: null } } }, least[0]!]),
  )
  assert.match(problem!.message, /^must have delay_for, delay_until_field_path or both/)
  assert.equal(more.length, 0)
})

test('a field of channels.json and preferences.json that is not set says nothing', async () => {
  const other = { other: null, provider: '', settings: [], name: null, id: null, conditions: {} }
  const channels = {
    mail: { type: 'email', settings: { from: 'a@x.example' } },
    hook: { type: 'http', settings: { concurrency: 3 } },
    group: { type: 'email', channels: ['mail'] },
  }
  const unset = {
    mail: { ...channels.mail, provider: null, other: '', channels: null, settings: { from: 'a@x.example', foo: null } },
    hook: {
      ...other,
      ...channels.hook,
      settings: { concurrency: 3, secret: null, headers: {}, foo: '', rate_limit: null },
    },
    group: { ...other, ...channels.group, operator: '', channels: [{ channel: 'mail', conditions: null, foo: [] }] },
  }
  const read = async (file: object, preferences: object) => {
    const files = { 'hello/workflow.json': { steps: [least[0]] }, 'channels.json': file }
    const folder = notificationsFolder({ ...files, 'preferences.json': preferences })
    assert.deepEqual((await problemsOf(folder)).map(problemLine), [])
    return (await readCatalog(folder)).channels
  }
  const plain = await read(channels, { channel_types: { email: false } })
  assert.deepEqual(await read(unset, { channel_types: { email: false }, some_new_field: null, workflows: null }), plain)
})

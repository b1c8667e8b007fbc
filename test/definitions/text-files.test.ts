import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemLine } from '../../definitions/problem.ts'
import type { ChannelStep, Step } from '../../definitions/step.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

const channel = (type: string, template: object, extra: object = {}) => ({
  ref: `${type}_1`,
  type: 'channel',
  channel_type: type,
  template,
  ...extra,
})
const step = (type: string, settings: object) => ({ ref: 'step_1', type, settings })
const fetching = (settings: object) => step('http_fetch', { method: 'post', url: 'https://x.example', ...settings })

const feed = channel('in_app_feed', { markdown_body: 'Hi' })

/** The first step of a workflow beside these files; else what is told against them. */
async function read(one: object, files: Record<string, unknown>): Promise<Step | string[]> {
  const named = Object.entries(files).map(([name, content]) => [name.includes('/') ? name : `hello/${name}`, content])
  const folder = notificationsFolder({
    'hello/workflow.json': { steps: [one, feed] },
    ...(Object.fromEntries(named) as object),
  })
  const { definitions, problems = [] } = await readFolder(folder)
  return problems.length > 0 ? problems.map(problemLine) : definitions.get('hello')!.definition.steps[0]!
}

const text = '{"text": {{ data.x | json }} }\n'
const file = 'default.json_body.json'
const templateOf = (found: Step | string[]) => (found as ChannelStep).template
const held: [field: string, one: object, of: (found: Step | string[]) => unknown][] = [
  [
    'json_body',
    channel('chat', { 'json_body@': file }),
    (found) => (templateOf(found) as { jsonBody: string }).jsonBody,
  ],
  [
    'payload_overrides of an SMS',
    channel('sms', { text_body: 'Hi', settings: { 'payload_overrides@': file } }),
    (found) => (templateOf(found) as { payloadOverrides: string }).payloadOverrides,
  ],
  [
    'payload_overrides of a push',
    channel('push', { title: 'Hi', settings: { 'payload_overrides@': file } }),
    (found) => (templateOf(found) as { payloadOverrides: string }).payloadOverrides,
  ],
  [
    'json_overrides',
    channel('email', { subject: 'Hi', text_body: 'Hi' }, { channel_overrides: { 'json_overrides@': file } }),
    (found) => (templateOf(found) as { jsonOverrides: string }).jsonOverrides,
  ],
  [
    'body of an HTTP message',
    channel('http', { method: 'post', url: 'https://x.example', 'body@': file }),
    (found) => (templateOf(found) as { body: string }).body,
  ],
  ['body of a fetch', fetching({ 'body@': file }), (found) => (found as { body: string }).body],
  ['headers of a fetch', fetching({ 'headers@': file }), (found) => (found as { headers: string }).headers],
  [
    'query_params of a fetch',
    fetching({ 'query_params@': file }),
    (found) => (found as { queryParams: string }).queryParams,
  ],
  ['data of update_data', step('update_data', { 'data@': file }), (found) => (found as { data: string }).data],
  [
    'data of trigger_workflow',
    step('trigger_workflow', { workflow_key: 'other', 'data@': file }),
    (found) => (found as { data: string }).data,
  ],
  [
    'recipients of trigger_workflow',
    step('trigger_workflow', { workflow_key: 'other', 'recipients@': file }),
    (found) => (found as { recipients: string }).recipients,
  ],
  [
    'update_properties',
    step('update_user', { 'update_properties@': file }),
    (found) => (found as { properties: string }).properties,
  ],
]

for (const [field, one, of] of held)
  test(`${field}: a file is its text whatever its name ends in, and may hold Liquid or plain JSON`, async () => {
    for (const content of [text, '{ "text": "Hi" }']) {
      const found = await read(one, { [file]: content })
      assert.ok(!Array.isArray(found), JSON.stringify(found))
      assert.equal(of(found), content)
    }
  })

test('a partial of JSON is the text of its file', async () => {
  const found = await read(channel('chat', { json_body: "{% render 'card' %}" }), {
    'partials/card/partial.json': { type: 'json', 'content@': 'content.json' },
    'partials/card/content.json': text,
  })
  assert.ok(!Array.isArray(found), JSON.stringify(found))
})

test('a field that takes a list or an object has what its .json file says, beside one that takes a text, too', async () => {
  const list = [{ key: 'x-a', value: '{{ data.a }}' }]
  const fetched = await read(fetching({ 'headers@': 'headers.json' }), { 'headers.json': list })
  assert.deepEqual((fetched as { headers: unknown }).headers, list)
  const posted = channel('http', { method: 'post', url: 'https://x.example', 'headers@': 'headers.json' })
  assert.deepEqual((templateOf(await read(posted, { 'headers.json': list })) as { headers: unknown }).headers, list)
  const waiting = { ref: 'step_1', type: 'delay', 'settings@': 'settings.json' }
  const files = { 'settings.json': { 'delay_for@': 'for.json' }, 'for.json': { unit: 'days', value: 1 } }
  assert.deepEqual(((await read(waiting, files)) as { delayFor: unknown }).delayFor, { unit: 'days', value: 1 })
})

test('the schema of data and all of it may stand in files', async () => {
  const folder = notificationsFolder({
    'hello/workflow.json': {
      steps: [feed],
      'trigger_data_json_schema@': 'schema.json',
    },
    'hello/schema.json': { type: 'object', properties: { 'a@': 'a.json' } },
    'hello/a.json': { type: 'string' },
  })
  const { definitions } = await readFolder(folder)
  const { triggerSchema } = definitions.get('hello')!.definition
  assert.deepEqual(triggerSchema, { type: 'object', properties: { a: { type: 'string' } } })
})

test('what is wrong in a text is told with the line of its file', async () => {
  const one = channel('chat', { 'json_body@': file })
  const unclosed = (await read(one, { [file]: '{\n  "text": {% if data.x %}\n}' })) as string[]
  assert.match(
    unclosed.join('\n'),
    /^hello\/default\.json_body\.json:2, step chat_1, template\.json_body: is not a Liquid/,
  )
  const torn = (await read(one, { [file]: '{\n  "text": "Hi",\n}\n' })) as string[]
  assert.match(
    torn.join('\n'),
    /^hello\/default\.json_body\.json:3, step chat_1, template\.json_body: must render as a/,
  )
  const posted = channel('http', { method: 'post', url: 'https://x.example', 'headers@': 'h.json' })
  const list = (await read(posted, { 'h.json': '[\n  { "key": "x-a" }\n]' })) as string[]
  assert.match(list.join('\n'), /^hello\/h\.json:2, step http_1, template\.headers\[0\]\.value/)
})

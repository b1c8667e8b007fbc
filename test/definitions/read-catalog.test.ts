import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ChannelStep } from '../../definitions/step.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

const feed = (extra: object = {}) => ({
  ref: 'feed_1',
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: 'Hello' },
  ...extra,
})
const email = (template: object) => ({
  ref: 'email_1',
  type: 'channel',
  channel_type: 'email',
  template: { subject: 'Hi', ...template },
})
const http = (template: object) => ({ ref: 'http_1', type: 'channel', channel_type: 'http', template })
const delay = (settings: object) => ({ ref: 'delay_1', type: 'delay', settings })

/** The problems of one definition, `hello`, as [step, field, message]. */
async function against(t: TestContext, workflow: object, files: Record<string, unknown> = {}) {
  const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': workflow, ...files }))
  return problems.map(({ step, field, message }) => [step, field, message])
}

/** The one problem that a step causes, next to one that is fine. */
async function againstStep(t: TestContext, step: object): Promise<{ field: string; message: string }> {
  const problems = await problemsOf(
    notificationsFolder({ 'hello/workflow.json': { steps: [feed({ ref: 'fine' }), step] } }),
  )
  assert.equal(problems.length, 1, JSON.stringify(problems))
  const { file, step: ref, field = '', message } = problems[0]!
  assert.deepEqual([file, ref], ['hello/workflow.json', (step as { ref: string }).ref])
  return { field, message }
}

test('the examples that come with Belay can be read', async () => {
  const { definitions, channels } = await readCatalog('notifications')
  assert.deepEqual([...definitions.keys()], ['new-user-invited', 'payment-reminder', 'try-me'])
  assert.deepEqual(
    channels.map((channel) => channel.type),
    ['in_app_feed', 'email', 'http', 'chat', 'sms', 'push'],
  )
})

test('a key that would give a run the Workflow ID of one of Belay’s own workflows is refused', async () => {
  const [problem] = await problemsOf(notificationsFolder({ 'belay-webhooks/workflow.json': { steps: [feed()] } }))
  assert.match(problem!.message, /^a definition key must not start with belay-/)
})

test('files named by name@ are put in place, at any depth, relative to the file that names them', async () => {
  const folder = notificationsFolder({
    'hello/workflow.json': {
      'steps@': 'parts/steps.json',
    },
    'hello/parts/steps.json': [email({ 'visual_blocks@': 'email/blocks.json' })],
    'hello/parts/email/blocks.json': [{ type: 'markdown', 'content@': 'text/1.md' }],
    'hello/parts/email/text/1.md': 'Deep **down**',
  })
  const step = (await readCatalog(folder)).definitions.get('hello')!.definition.steps[0] as ChannelStep
  assert.deepEqual(step.template, {
    subject: 'Hi',
    body: {
      visualBlocks: [
        { type: 'markdown', content: 'Deep **down**', edges: { top: 8, right: 4, bottom: 8, left: 4, align: null } },
      ],
    },
    textBody: null,
    attachmentKey: null,
    layoutKey: null,
    preContent: null,
  })
})

test('a file may not lie outside the definition, by .., by an absolute path or by a link', async () => {
  const secret = join(temporaryFolder(), 'secret.md')
  writeFileSync(secret, 'secret')
  const folder = notificationsFolder({
    'other/workflow.json': { steps: [feed()] },
    'hello/workflow.json': {
      steps: ['../other/workflow.json', secret, 'link.md'].map((file, n) =>
        feed({ ref: `feed_${n}`, template: { 'markdown_body@': file } }),
      ),
    },
  })
  symlinkSync(secret, join(folder, 'hello/link.md'))
  const problems = await problemsOf(folder)
  assert.deepEqual(
    problems.map(({ step, field }) => [step, field]),
    [0, 1, 2].map((n) => [`feed_${n}`, 'template.markdown_body']),
  )
  for (const { message } of problems) assert.match(message, /is outside the definition's folder/)
})

test('a missing file is one problem, which names it', async (t) => {
  assert.deepEqual(await against(t, { steps: [feed({ template: { 'markdown_body@': 'gone.md' } })] }), [
    ['feed_1', 'template.markdown_body', 'there is no file gone.md'],
  ])
})

test('what rests on a field whose file is missing is not told beside it, whether the field could be left out or not', async (t) => {
  const steps = [
    { ref: 'delay_1', type: 'delay', settings: { 'delay_for@': 'gone.json' } },
    { ref: 'fetch_1', type: 'http_fetch', settings: { method: 'get', 'url@': 7 } },
    email({ 'visual_blocks@': 'gone.json' }),
    { ref: 'branch_1', type: 'branch', 'branches@': 'gone.json' },
    feed({ 'conditions@': 'gone.json' }),
  ]
  assert.deepEqual(
    (await against(t, { steps })).map(([step, field]) => `${step} ${field}`),
    [
      'delay_1 settings.delay_for',
      'fetch_1 settings.url@',
      'email_1 template.visual_blocks',
      'branch_1 branches',
      'feed_1 conditions',
    ],
  )
})

test('a file that refers to itself, and a name given with and without @, are refused', async (t) => {
  const found = await against(t, { 'steps@': 'steps.json' }, { 'hello/steps.json': [{ 'type@': 'steps.json' }] })
  assert.match(String(found[0]?.[2]), /refers to itself/)
  const both = { markdown_body: 'x', 'markdown_body@': 'x.md' }
  assert.deepEqual(await against(t, { steps: [feed({ template: both })] }), [
    ['feed_1', 'template.markdown_body@', 'stands beside the same name without @'],
  ])
})

test('text that the store cannot hold is refused', async (t) => {
  const { field, message } = await againstStep(t, feed({ template: { markdown_body: 'a\0b' } }))
  assert.equal(field, 'template.markdown_body')
  assert.match(message, /U\+0000/)
})

test('all problems of all files come at once, each with file, step and field', async () => {
  const folder = notificationsFolder({
    'channels.json': { mail: { type: 'fax' } },
    'broken/workflow.json': '{',
    'empty/readme.txt': '',
    'hello/workflow.json': {
      conditions: { all: [{ variable: 'data.x', operator: 'resembles', argument: '1' }] },
      steps: [feed({ template: {} }), feed({ ref: 'feed_2', send_windows: [{ day: 'monday' }] })],
    },
  })
  const problems = await problemsOf(folder)
  assert.deepEqual(
    problems.map(({ file, step, field }) => [file, step, field]),
    [
      ['channels.json', undefined, 'mail.type'],
      ['broken/workflow.json', undefined, undefined],
      ['empty/workflow.json', undefined, undefined],
      ['hello/workflow.json', 'feed_1', 'template.markdown_body'],
      ['hello/workflow.json', 'feed_2', 'send_windows[0].type'],
      ['hello/workflow.json', undefined, 'conditions.all[0].operator'],
    ],
  )
})

const audience = { variable: 'recipient', operator: 'is_audience_member', argument: 'vips' }

test('what Knock knows and Belay does not carry out is refused, not skipped', async (t) => {
  const cases: [object, string][] = [
    [feed({ conditions: { all: [audience] } }), 'conditions.all[0].operator'],
    [feed({ channel_overrides: { from: 'a@example.com' } }), 'channel_overrides.from'],
    [feed({ surprise: true }), 'surprise'],
    [{ ref: 'batch_1', type: 'batch', settings: {} }, 'settings'],
    [{ ref: 'agent_1', type: 'ai_agent', settings: {} }, 'type'],
    [{ ref: 'guide_1', type: 'channel', channel_type: 'in_app_guide', template: {} }, 'channel_type'],
    [email({ visual_blocks: [{ type: 'video', url: 'x' }] }), 'template.visual_blocks[0].type'],
    [email({ html_body: '<mjml><mj-body><mj-foo>x</mj-foo></mj-body></mjml>', is_mjml: true }), 'template.html_body'],
    [delay({ delay_for: { unit: 'days', value: 1 }, delay_until: 'data.x' }), 'settings.delay_until'],
  ]
  for (const [step, field] of cases) assert.equal((await againstStep(t, step)).field, field)
  const whole: [object, string][] = [[{ settings: { surprise: true } }, 'settings.surprise']]
  for (const [workflow, field] of whole) {
    const found = await against(t, { steps: [feed()], ...workflow })
    assert.deepEqual(
      found.map(([, name]) => name),
      [field],
    )
  }
})

test('the same fields may stand there unset, as exports write them', async (t) => {
  const step = feed({ conditions: null, send_windows: [], channel_overrides: {}, description: 'x' })
  const workflow = {
    $schema: 'x',
    __readonly: { key: 'hello', valid: true, created_at: 'x' },
    conditions: null,
    trigger_frequency: 'every_trigger',
    settings: { override_preferences: false },
    steps: [step],
  }
  assert.deepEqual(await against(t, workflow), [])
})

test('active is true unless workflow.json or else its __readonly says otherwise', async () => {
  const steps = [feed()]
  const folder = notificationsFolder({
    'plain/workflow.json': { steps },
    'readonly/workflow.json': { steps, __readonly: { active: false } },
    'both/workflow.json': { steps, active: true, __readonly: { active: false } },
  })
  const { definitions } = await readCatalog(folder)
  assert.deepEqual(
    [...definitions].map(([key, { definition }]) => [key, definition.active]),
    [
      ['both', true],
      ['plain', true],
      ['readonly', false],
    ],
  )
})

test('a template that cannot be parsed is refused with the file it stands in and the position', async () => {
  const folder = notificationsFolder({
    'hello/workflow.json': { steps: [feed({ template: { 'markdown_body@': 'body.md' } })] },
    'hello/body.md': 'One\nTwo {% if x %}',
  })
  const [problem] = await problemsOf(folder)
  assert.ok(problem)
  assert.deepEqual([problem.file, problem.step, problem.field], ['hello/body.md', 'feed_1', 'template.markdown_body'])
  assert.match(problem.message, /not closed, line:2, col:5/)
})

test('unknown filters and tags that read files are refused', async (t) => {
  for (const text of ['{{ x | shout }}', '{% include "x" %}', '{% layout "x" %}']) {
    const { field } = await againstStep(t, feed({ ref: 'feed_2', template: { markdown_body: text } }))
    assert.equal(field, 'template.markdown_body', text)
  }
})

test('templates that contradict themselves are refused', async (t) => {
  const cases: [object, string][] = [
    [email({}), 'template.html_body'],
    [email({ html_body: 'x', visual_blocks: [{ type: 'divider' }] }), 'template.html_body'],
    [http({ method: 'get', url: 'https://example.com', body: 'x' }), 'template.body'],
    [http({ method: 'trace', url: 'https://example.com' }), 'template.method'],
    [
      http({ method: 'post', url: 'https://example.com', headers: [{ key: 'a b', value: '' }] }),
      'template.headers[0].key',
    ],
  ]
  for (const [step, field] of cases) assert.equal((await againstStep(t, step)).field, field)
})

test('a delay is at most 365 days, of whole positive units, and says for how long or until when', async (t) => {
  const forLong = (unit: string, value: unknown) => delay({ delay_for: { unit, value } })
  const cases: [object, string][] = [
    [forLong('days', 366), 'settings.delay_for'],
    [forLong('months', 13), 'settings.delay_for'],
    [forLong('days', 0), 'settings.delay_for.value'],
    [forLong('days', 1.5), 'settings.delay_for.value'],
    [forLong('years', 1), 'settings.delay_for.unit'],
    [delay({}), 'settings'],
    [delay({ delay_until_field_path: 'due_at' }), 'settings.delay_until_field_path'],
    [delay({ delay_until_field_path: 'event.due_at' }), 'settings.delay_until_field_path'],
  ]
  for (const [step, field] of cases) assert.equal((await againstStep(t, step)).field, field)
  const steps = [feed(), forLong('days', 365), { ...forLong('months', 12), ref: 'delay_2' }]
  assert.deepEqual(await against(t, { steps }), [])
})

test('refs are unique, steps at most 100, and one of them sends', async (t) => {
  assert.deepEqual(await against(t, { steps: [feed(), feed()] }), [['feed_1', 'ref', 'stands twice: feed_1']])
  const many = Array.from({ length: 101 }, (_, n) => feed({ ref: `feed_${n}` }))
  assert.match(String((await against(t, { steps: many }))[0]?.[2]), /at most 100 steps/)
  const waits = [delay({ delay_for: { unit: 'days', value: 1 } })]
  assert.match(String((await against(t, { steps: waits }))[0]?.[2]), /would do nothing/)
})

test('a key is the name of its folder and has 3 to 255 characters of a-z, 0-9, _ and -', async () => {
  const workflow = { steps: [feed()] }
  for (const key of ['ab', 'Hello', 'a b c', 'x.y']) {
    const problems = await problemsOf(notificationsFolder({ [`${key}/workflow.json`]: workflow }))
    assert.match(problems[0]?.message ?? '', /3 to 255/, key)
  }
  assert.deepEqual(await problemsOf(notificationsFolder({ 'a_b-3/workflow.json': workflow, '.git/x': '' })), [])
})

test('a version is told by its content: the order of its fields does not matter, a template does', async () => {
  const step = feed()
  const reordered = Object.fromEntries(Object.entries(step).reverse())
  const version = async (files: Record<string, unknown>) =>
    (await readCatalog(notificationsFolder(files))).definitions.get('hello')!
  const first = await version({ 'hello/workflow.json': { name: 'Hello', steps: [step] } })
  const same = await version({ 'hello/workflow.json': { steps: [reordered], name: 'Hello', description: 'more' } })
  const other = await version({
    'hello/workflow.json': { name: 'Hello', steps: [feed({ template: { markdown_body: 'Bye' } })] },
  })
  assert.match(first.hash, /^[0-9a-f]{64}$/)
  assert.match(first.versionId, /^[0-9a-f]{8}-[0-9a-f]{4}-5/)
  assert.deepEqual(same, first)
  assert.notEqual(other.hash, first.hash)
  assert.notEqual(other.versionId, first.versionId)
})

test('a notifications folder that is not there is refused by name', async () => {
  const [problem] = await problemsOf('no-such-folder')
  assert.deepEqual(
    [problem?.file, problem?.message],
    ['no-such-folder', 'the notifications folder cannot be read (ENOENT)'],
  )
})

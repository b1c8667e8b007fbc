import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { problemLine } from '../../definitions/problem.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { toRun } from '../../testing/servers/process.ts'

const feed = (ref: string, more: object = {}) => ({
  ref,
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: 'Hi' },
  ...more,
})
const step = (type: string, settings: object) => ({ ref: `${type}_1`, type, settings })
const is = (variable: string, argument = '$message.seen', operator = 'less_than') => ({
  conditions: { all: [{ variable, operator, argument }] },
})
const window = { unit: 'minutes', value: 5 }
const branch = (branches: object[]) => ({ ref: 'branch_1', type: 'branch', branches })
const cohorts = (...percentages: string[]) => ({
  ref: 'cohort_1',
  type: 'random_cohort',
  cohort_branches: percentages.map((percentage) => ({ percentage, steps: [] })),
})
const rule = (window: object) => step('delay', { delay_for: { frequency: 'weekly', ...window } })
const schema = (trigger_data_json_schema: object) => ({ trigger_data_json_schema })
const email = (template: object) => feed('email_1', { channel_type: 'email', template: { subject: 'Hi', ...template } })

interface Refusal {
  /** One step, steps, or what stands beside an innocent step. */
  file: object | object[]
  /** The step that is told; null: the workflow as a whole. */
  step: string | null
  field: string
  /** What is wrong, and what to do. */
  says: RegExp
  /** The beginning of the line that is told, without blanks. */
  line: string
}

const refusals: Record<string, Refusal> = {
  'a condition on an unknown step': {
    file: feed('feed_1', is('refs.feed_9.status')),
    step: 'feed_1',
    field: 'conditions.all[0].variable',
    says: /there is no step "feed_9"; the steps are feed_1/,
    line: '"variable": "refs.feed_9',
  },
  'a condition with a field that nobody reads': {
    file: feed('feed_1', {
      conditions: { any: [{ variable: 'data.a', operator: 'equal_to', argument: 1, negate: true }] },
    }),
    step: 'feed_1',
    field: 'conditions.any[0].negate',
    says: /is not known here; a condition has variable, operator and argument/,
    line: '"negate"',
  },
  'a condition compared with an unknown step': {
    file: feed('feed_1', is('data.a', 'refs.wait_9.matched', 'equal_to')),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /there is no step "wait_9"/,
    line: '"argument"',
  },
  'a branch on an unknown step': {
    file: branch([{ ...is('refs.feed_9.status'), steps: [feed('feed_1')] }, { steps: [] }]),
    step: 'branch_1',
    field: 'branches[0].conditions.all[0].variable',
    says: /there is no step "feed_9"/,
    line: '"variable"',
  },
  'Liquid that reads an unknown step': {
    file: feed('feed_1', { template: { markdown_body: 'Hi {{ refs.wait_9.signal_variables.total }}' } }),
    step: 'feed_1',
    field: 'template.markdown_body',
    says: /there is no step "wait_9"; the steps are feed_1/,
    line: '"markdown_body"',
  },
  'a condition compared with Liquid of an unknown step': {
    file: feed('feed_1', is('data.a', '{{ refs.wait_9.matched }}', 'equal_to')),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /there is no step "wait_9"; the steps are feed_1/,
    line: '"argument"',
  },
  'an end of a between that is of an unknown step': {
    file: feed('feed_1', {
      conditions: { all: [{ variable: 'data.a', operator: 'is_between', argument: ['refs.wait_9.from', 5] }] },
    }),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /there is no step "wait_9"/,
    line: '"argument"',
  },
  'an end of a time between, in a list as text, that is of an unknown step': {
    file: feed('feed_1', is('data.a', '["2030-01-01T00:00:00Z", "{{ refs.wait_9.until }}"]', 'is_timestamp_between')),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /there is no step "wait_9"/,
    line: '"argument"',
  },
  'a wait whose event is compared with Liquid of an unknown step': {
    file: [
      {
        ...{ ref: 'wait_1', type: 'wait_for_event' },
        settings: {
          event: { event_type: 'event', event_key: 'paid' },
          match_conditions: [
            { conditions: [{ variable: 'event.id', operator: 'equal_to', argument: "{{ refs['wait_9'].id }}" }] },
          ],
        },
      },
      feed('feed_1'),
    ],
    step: 'wait_1',
    field: 'settings.match_conditions[0].conditions[0].argument',
    says: /there is no step "wait_9"/,
    line: '"argument"',
  },
  'a batch_key of an unknown step': {
    file: [
      {
        ref: 'batch_1',
        type: 'batch',
        settings: { batch_key: 'refs.wait_9.id', batch_window: { unit: 'days', value: 1 } },
      },
      feed('feed_1'),
    ],
    step: 'batch_1',
    field: 'settings.batch_key',
    says: /there is no step "wait_9"; the steps are batch_1, feed_1/,
    line: '"batch_key"',
  },
  'a throttle_key of an unknown step': {
    file: [
      {
        ...{ ref: 'throttle_1', type: 'throttle' },
        settings: { throttle_key: 'refs.wait_9.id', throttle_window: { unit: 'days', value: 1 } },
      },
      feed('feed_1'),
    ],
    step: 'throttle_1',
    field: 'settings.throttle_key',
    says: /there is no step "wait_9"/,
    line: '"throttle_key"',
  },
  'a cohort_key of an unknown step': {
    file: [
      {
        ...{ ref: 'experiment_1', type: 'random_cohort', cohort_key: 'refs.wait_9.id' },
        cohort_branches: ['50', '50'].map((percentage) => ({ percentage, steps: [] })),
      },
      feed('feed_1'),
    ],
    step: 'experiment_1',
    field: 'cohort_key',
    says: /there is no step "wait_9"/,
    line: '"cohort_key"',
  },
  'a between whose ends are the wrong way round': {
    file: feed('feed_1', is('data.a', '[9, 1]', 'is_between')),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /^begins after its end/,
    line: '"argument"',
  },
  'a time between whose ends are the wrong way round': {
    file: feed('feed_1', is('data.a', '["2030-02-01T00:00:00Z", "2030-01-01T00:00:00+01:00"]', 'is_timestamp_between')),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /^begins after its end/,
    line: '"argument"',
  },
  'an argument whose Liquid cannot be read': {
    file: feed('feed_1', is('data.a', '{{ data.b | shout }}', 'equal_to')),
    step: 'feed_1',
    field: 'conditions.all[0].argument',
    says: /^is not a Liquid template: undefined filter: shout/,
    line: '"argument"',
  },
  'properties that no Liquid makes an object': {
    file: step('update_user', { update_properties: 'plan=pro' }),
    step: 'update_user_1',
    field: 'settings.update_properties',
    says: /^must render as a JSON object/,
    line: '"update_properties"',
  },
  'data that are a list': {
    file: [step('update_data', { data: '[1]' }), feed('feed_1')],
    step: 'update_data_1',
    field: 'settings.data',
    says: /^must render as a JSON object/,
    line: '"data"',
  },
  'data of a trigger that are no JSON': {
    file: step('trigger_workflow', { workflow_key: 'other', data: "{'a': 1}" }),
    step: 'trigger_workflow_1',
    field: 'settings.data',
    says: /^must render as a JSON object/,
    line: '"data"',
  },
  'recipients of a trigger that begin as JSON and are none': {
    file: step('trigger_workflow', { workflow_key: 'other', recipients: ' ["ada", ]' }),
    step: 'trigger_workflow_1',
    field: 'settings.recipients',
    says: /^begins as JSON does, and is none/,
    line: '"recipients"',
  },
  'an actor of a trigger that begins as JSON and is none': {
    file: step('trigger_workflow', { workflow_key: 'other', actor: '{bad' }),
    step: 'trigger_workflow_1',
    field: 'settings.actor',
    says: /^begins as JSON does, and is none/,
    line: '"actor"',
  },
  'a tenant of a trigger that begins as JSON and is none': {
    file: step('trigger_workflow', { workflow_key: 'other', tenant: '{"id": acme}' }),
    step: 'trigger_workflow_1',
    field: 'settings.tenant',
    says: /^begins as JSON does, and is none/,
    line: '"tenant"',
  },
  'a header within a text that nobody may set': {
    file: [
      step('http_fetch', { method: 'get', url: 'https://x.example', headers: '{"Host": "x.example"}' }),
      feed('feed_1'),
    ],
    step: 'http_fetch_1',
    field: 'settings.headers',
    says: /^holds Host: is set by Belay/,
    line: '"headers"',
  },
  'a window that is a text': {
    file: [step('batch', { batch_window: 'x' }), feed('feed_1')],
    step: 'batch_1',
    field: 'settings.batch_window',
    says: /^must be a duration such as \{"unit": "days", "value": 3\}, or a window rule/,
    line: '"batch_window"',
  },
  'headers that are no object': {
    file: [step('http_fetch', { method: 'get', url: 'https://x.example', headers: 'X-A: b' }), feed('feed_1')],
    step: 'http_fetch_1',
    field: 'settings.headers',
    says: /^must render as a JSON object/,
    line: '"headers"',
  },
  'overrides that are no object': {
    file: { ...email({ text_body: 'Hi' }), channel_overrides: { json_overrides: '"tag"' } },
    step: 'email_1',
    field: 'channel_overrides.json_overrides',
    says: /^must render as a JSON object/,
    line: '"json_overrides"',
  },
  'a fetch from what is no web address': {
    file: [step('http_fetch', { method: 'get', url: 'ftp://x.example/a' }), feed('feed_1')],
    step: 'http_fetch_1',
    field: 'settings.url',
    says: /^must be an http:\/\/ or https:\/\/ address/,
    line: '"url"',
  },
  'a message to what is no web address': {
    file: feed('http_1', { channel_type: 'http', template: { method: 'post', url: 'crm.example/hook' } }),
    step: 'http_1',
    field: 'template.url',
    says: /^must be an http:\/\/ or https:\/\/ address/,
    line: '"url"',
  },
  'an update of a user that names an object': {
    file: step('update_user', {
      recipient_mode: 'reference',
      recipient_gid: 'gid://Object/projects/{{ data.id }}',
      update_properties: '{}',
    }),
    step: 'update_user_1',
    field: 'settings.recipient_gid',
    says: /^names projects, which update_user does not update/,
    line: '"recipient_gid"',
  },
  'a branch without a default': {
    file: branch([{ ...is('data.a', '1', 'equal_to'), steps: [feed('feed_1')] }]),
    step: 'branch_1',
    field: 'branches',
    says: /has no default: let the last branch have no conditions, or one say "default": true/,
    line: '"branches"',
  },
  'a branch without conditions that is not the last': {
    file: branch([{ steps: [feed('feed_1')] }, { steps: [] }]),
    step: 'branch_1',
    field: 'branches[0].conditions',
    says: /are missing; only the default branch has none/,
    line: '{',
  },
  'a batch that can never close': {
    file: [step('batch', { batch_key: 'a' }), feed('feed_1')],
    step: 'batch_1',
    field: 'settings',
    says: /must have batch_window or batch_until_field_path: it would never close/,
    line: '"settings"',
  },
  'a batch whose window is no time': {
    file: [step('batch', { batch_window: { unit: 'minutes', value: 0 } }), feed('feed_1')],
    step: 'batch_1',
    field: 'settings.batch_window.value',
    says: /must (?:be 1 or more|not be 0)/,
    line: '"value"',
  },
  'a batch that one activity would close': {
    file: [step('batch', { batch_window: window, batch_items_max_limit: 1 }), feed('feed_1')],
    step: 'batch_1',
    field: 'settings.batch_items_max_limit',
    says: /must be 2 or more/,
    line: '"batch_items_max_limit"',
  },
  'a window rule whose hour never comes': {
    file: [rule({ days: ['mon'], hours: 24 }), feed('feed_1')],
    step: 'delay_1',
    field: 'settings.delay_for.hours',
    says: /must be a whole number from 0 to 23/,
    line: '"hours"',
  },
  'a window rule whose day never comes': {
    file: [rule({ frequency: 'monthly', day_of_month: 32 }), feed('feed_1')],
    step: 'delay_1',
    field: 'settings.delay_for.day_of_month',
    says: /must be a whole number from 1 to 31/,
    line: '"day_of_month"',
  },
  'a window rule of a weekday that is none': {
    file: [rule({ days: ['someday'] }), feed('feed_1')],
    step: 'delay_1',
    field: 'settings.delay_for.days',
    says: /must be a list of mon, tue/,
    line: '"days"',
  },
  'a send window that ends before it begins': {
    file: feed('feed_1', { send_windows: [{ day: 'monday', type: 'send', from: '25:00:00', until: '17:00:00' }] }),
    step: 'feed_1',
    field: 'send_windows[0].from',
    says: /./,
    line: '"from"',
  },
  'a schema that does not compile': {
    file: schema({ type: 'nonsense' }),
    step: null,
    field: 'trigger_data_json_schema',
    says: /does not compile.*type/,
    line: '"trigger_data_json_schema"',
  },
  'a schema whose pattern takes for ever': {
    file: schema({ type: 'object', properties: { a: { type: 'string', pattern: '(?=a)b' } } }),
    step: null,
    field: 'trigger_data_json_schema',
    says: /pattern/,
    line: '"trigger_data_json_schema"',
  },
  'cohorts that do not add up to 100': {
    file: [cohorts('50', '49.9'), feed('feed_1')],
    step: 'cohort_1',
    field: 'cohort_branches',
    says: /add up to 99.9 percent, not to 100/,
    line: '"cohort_branches"',
  },
  'a cohort with two decimals': {
    file: [cohorts('66.67', '33.3'), feed('feed_1')],
    step: 'cohort_1',
    field: 'cohort_branches[0].percentage',
    says: /must be a percentage such as "33.3", with at most one decimal/,
    line: '"percentage"',
  },
  'an audience asked for': {
    file: feed('feed_1', is('recipient', 'paid', 'is_audience_member')),
    step: 'feed_1',
    field: 'conditions.all[0].operator',
    says: /is_audience_member is not supported: .*keep the membership in a property/,
    line: '"operator"',
  },
  'an AI agent': {
    file: [step('ai_agent', {}), feed('feed_1')],
    step: 'ai_agent_1',
    field: 'type',
    says: /ai_agent is not supported: let a http_fetch step ask/,
    line: '"type"',
  },
  'an update of an audience': {
    file: [step('update_audience', {}), feed('feed_1')],
    step: 'update_audience_1',
    field: 'type',
    says: /update_audience is not supported: .*by update_user/,
    line: '"type"',
  },
  'a guide': {
    file: feed('guide_1', { channel_type: 'in_app_guide' }),
    step: 'guide_1',
    field: 'channel_type',
    says: /in_app_guide is not supported: .*in_app_feed/,
    line: '"channel_type"',
  },
  'MJML that reads a file': {
    file: email({ is_mjml: true, html_body: '<mjml><mj-body><mj-include path="a" /></mj-body></mjml>' }),
    step: 'email_1',
    field: 'template.html_body',
    says: /mj-include, which reads a file: put it into partials/,
    line: '"html_body"',
  },
}

const contentOf = (file: object | object[]) => {
  if (!Array.isArray(file) && 'trigger_data_json_schema' in file) return { ...file, steps: [feed('feed_1')] }
  return { steps: [file].flat() }
}
const written = (file: object | object[]) => JSON.stringify(contentOf(file), null, 2)

for (const [what, { file, step: ref, field, says, line }] of Object.entries(refusals)) {
  test(`${what} is refused with its file, line and step, and what to do`, async () => {
    const text = written(file)
    const { leftOut, definitions } = await readFolder(notificationsFolder({ 'hello/workflow.json': text }))
    const [problem, ...more] = leftOut?.get('hello') ?? []
    assert.ok(problem !== undefined, 'it is refused')
    assert.deepEqual([more.map(problemLine), definitions.size], [[], 0])
    assert.deepEqual([problem.file, problem.step ?? null, problem.field], ['hello/workflow.json', ref, field])
    assert.match(problem.message, says)
    const told = text.split('\n')[problem.line! - 1]!.trim()
    assert.ok(told.startsWith(line), `line ${problem.line}: ${told}`)
  })
}

test('one run of check tells all of them, a line each', () => {
  const folder = notificationsFolder(
    Object.fromEntries(
      Object.values(refusals).map(({ file }, n) => [
        `workflow-${String(n).padStart(2, '0')}/workflow.json`,
        written(file),
      ]),
    ),
  )
  const args = [...toRun('definitions/main.ts'), 'check', folder]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const lines = stdout.trim().split('\n')
  const count = Object.keys(refusals).length
  assert.deepEqual([status, lines.at(-1)], [1, `0 definitions can be used; ${count} mistakes`])
  Object.values(refusals).forEach(({ step: ref, field }, n) => {
    const place = [
      `workflow-${String(n).padStart(2, '0')}/workflow.json:`,
      ref === null ? '' : `step ${ref}, `,
      `${field}: `,
    ]
    assert.ok(
      lines.some((each) => place.every((part) => each.includes(part))),
      place.join(''),
    )
  })
})

test('a step that has not been taken by then may be asked for, and a start says so', async () => {
  const text = JSON.stringify({
    steps: [
      feed('feed_1', is('refs.feed_2.status')),
      branch([{ ...is('refs.feed_1.status'), steps: [feed('feed_3', is('refs.feed_3.status'))] }, { steps: [] }]),
      feed('feed_2', {
        conditions: { all: [{ variable: 'data.a', operator: 'is_between', argument: ['{{ refs.feed_4.n }}', 5] }] },
        template: {
          markdown_body: '{{ data.refs.own }} {{ refs.feed_4.a }} {% raw %}{{ refs.none.a }}{% endraw %} refs.none.b',
        },
      }),
      feed('feed_4', {
        ...is('refs.feed_3.status'),
        template: { markdown_body: '{% assign refs = 1 %}{{ refs.none }}' },
      }),
    ],
  })
  const {
    problems,
    warnings = [],
    definitions,
  } = await readFolder(notificationsFolder({ 'hello/workflow.json': text }))
  assert.deepEqual([problems, definitions.size], [undefined, 1])
  assert.deepEqual(
    warnings.filter((warning) => warning.includes('not been taken')),
    [
      'hello/workflow.json:1, step feed_1, conditions.all[0].variable: asks for step feed_2, which has not been taken by then',
      'hello/workflow.json:1, step feed_3, conditions.all[0].variable: asks for step feed_3, which has not been taken by then',
      'hello/workflow.json:1, step feed_2, template.markdown_body: asks for step feed_4, which has not been taken by then',
      'hello/workflow.json:1, step feed_2, conditions.all[0].argument: asks for step feed_4, which has not been taken by then',
    ],
  )
})

test('Liquid in the conditions of a workflow or channel cannot read a step, as a path cannot', async () => {
  const conditions = { all: [{ variable: 'data.a', operator: 'equal_to', argument: '{{ refs.feed_1.matched }}' }] }
  const { problems = [] } = await readFolder(
    notificationsFolder({
      'hello/workflow.json': { conditions, steps: [feed('feed_1')] },
      'channels.json': { feed: { type: 'in_app_feed', conditions } },
    }),
  )
  assert.deepEqual(
    problems.map(({ file, field, message }) => `${file} ${field}: ${message.replace(/;.*/, '')}`).sort(),
    [
      'channels.json feed.conditions.all[0].argument: refs is not there for the conditions of a channel',
      'hello/workflow.json conditions.all[0].argument: refs is not there for the conditions of a workflow',
    ],
  )
})

test('an unknown step is told beside whatever else is wrong with a condition', async () => {
  const conditions = { all: [{ variable: 'data.a', operator: 'equals', argument: '{{ refs.wait_9.n }}' }] }
  const steps = [feed('feed_1', { conditions })]
  const { problems = [] } = await readFolder(notificationsFolder({ 'hello/workflow.json': { steps } }))
  assert.deepEqual(problems.map(({ field }) => field).sort(), [
    'conditions.all[0].argument',
    'conditions.all[0].operator',
  ])
})

test('a mistake keeps no other from being told: of its step, of other steps, of the workflow', async () => {
  const text = JSON.stringify({
    trigger_frequency: 'sometimes',
    steps: [
      step('batch', { batch_order: 'upwards', batch_items_max_limit: 1, batch_window_extension_limit: window }),
      {
        ...step('delay', { delay_until_field_path: 'due_at', delay_for: { unit: 'minutes', value: 0 } }),
        ref: 'delay_1',
      },
      { ...step('delay', { delay_for: { unit: 'minutes', value: 0 }, for: 1 }), ref: 'delay_2' },
      step('throttle', { throttle_limit: 0, throttle_window: { unit: 'days', value: 40 } }),
      step('wait_for_event', { event: { event_type: 'weather', event_key: '' }, on_match: 'stop', look_back: window }),
      { ...step('wait_for_event', { event: { event_type: 'message', event_key: 'sold', x: 1 } }), ref: 'wait_2' },
      step('update_user', { recipient_mode: 'reference', update_properties: '' }),
      {
        ...cohorts('50', '40'),
        cohort_branches: [
          { percentage: '50', steps: [{ type: 'nothing' }] },
          { percentage: '40', steps: [] },
        ],
      },
      branch([{ ...is('data.a'), steps: [{ ref: 'x', type: 'channel', channel_type: 'fax' }] }]),
      email({ html_body: null, subject: '' }),
      feed('feed_1', { channel_group_key: 'one', channel_key: 'other' }),
    ],
  })
  const { problems = [] } = await readFolder(notificationsFolder({ 'hello/workflow.json': text }))
  const told = problems.map(({ step: ref, field }) => `${ref ?? ''} ${field ?? ''}`)
  assert.deepEqual(told.sort(), [
    ' trigger_frequency',
    'batch_1 settings',
    'batch_1 settings.batch_items_max_limit',
    'batch_1 settings.batch_order',
    'branch_1 branches',
    'cohort_1 cohort_branches',
    'cohort_1 cohort_branches[0].steps[0].type',
    'delay_1 settings.delay_until_field_path',
    'delay_2 settings.delay_for.value',
    'delay_2 settings.for',
    'email_1 template.html_body',
    'email_1 template.subject',
    'feed_1 channel_group_key',
    'throttle_1 settings.throttle_limit',
    'throttle_1 settings.throttle_window',
    'update_user_1 settings.recipient_gid',
    'update_user_1 settings.update_properties',
    'wait_2 settings.event.event_key',
    'wait_2 settings.event.x',
    'wait_for_event_1 settings.event.event_key',
    'wait_for_event_1 settings.event.event_type',
    'wait_for_event_1 settings.on_match',
    'x channel_type',
  ])
})

const week = (more: object) =>
  ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => {
    return { day, type: 'send', ...more }
  })

test('a field within a window, a rule or a group that is not known is refused, not passed over', async () => {
  const settings = {
    event: { event_type: 'event', event_key: 'paid' },
    match_conditions: [{ operator: 'and', ...is('event.a', 'x', 'equal_to').conditions, conditions: [] }],
  }
  const steps = [
    rule({ hours: 9, interval: 2 }),
    step('wait_for_event', settings),
    feed('feed_1', { send_windows: week({ form: '09:00' }) }),
  ]
  const { problems = [] } = await readFolder(notificationsFolder({ 'hello/workflow.json': JSON.stringify({ steps }) }))
  const told = problems.map(({ step: ref, field }) => `${ref ?? ''} ${field ?? ''}`)
  assert.deepEqual(told.slice(0, 3), [
    'delay_1 settings.delay_for.interval',
    'wait_for_event_1 settings.match_conditions[0].all',
    'feed_1 send_windows[0].form',
  ])
})

test('what says nothing where it stands is told at start, and nothing is refused', async () => {
  const waits = (ref: string, event: object) => ({ ...step('wait_for_event', { event }), ref })
  const ruled = (type: string, name: string, more: object = {}) =>
    step(type, { [name]: { frequency: 'hourly', hours: 9, minutes: 5 }, ...more })
  const steps = [
    {
      ...step('batch', { batch_window: window, batch_window_extension_limit: { unit: 'hours', value: 1 } }),
      ref: 'limit',
    },
    waits('wait_1', { event_type: 'recipient', event_key: 'updated', source_type: 'workflow', source_key: 'other' }),
    waits('wait_2', { event_type: 'event', event_key: 'paid', integration_source_key: 'shop', audience_key: 'vips' }),
    waits('wait_3', { event_type: 'integration_source', event_key: 'paid', integration_source_key: 'shop' }),
    feed('feed_1', { send_windows: week({}) }),
    email({ text_body: 'Hi' }),
    { ...email({ text_body: 'Hi' }), ref: 'email_2', channel_group_key: 'elsewhere' },
    ruled('delay', 'delay_for'),
    ruled('batch', 'batch_window'),
    ruled('throttle', 'throttle_window'),
    { ...rule({ hours: 9, days: ['mon'], day_of_month: 13 }), ref: 'delay_2' },
    branch([
      { ...is('data.a', 'true', 'exists'), steps: [feed('feed_2', is('data.b', 'x', 'not_empty'))] },
      { steps: [feed('feed_3', is('data.b', '', 'empty'))] },
    ]),
    { ...email({ visual_blocks: [], is_mjml: true }), ref: 'email_3' },
    {
      ...email({ html_body: '<p>Hi</p>', is_mjml: true, settings: { pre_content: '{% assign a = 1 %}' } }),
      ref: 'email_4',
    },
    { ...email({ text_body: 'Hi', settings: { preview_text: 'So' } }), ref: 'email_5' },
    feed('chat_1', { channel_type: 'chat', template: { markdown_body: 'Hi', json_body: '{"text": "Hi"}' } }),
    feed('chat_2', { channel_type: 'chat', template: { markdown_body: '', json_body: '{"text": "Hi"}' } }),
    feed('push_1', { channel_type: 'push', template: { title: 'Hi', settings: { delivery_type: 'silent' } } }),
  ]
  const file = {
    steps,
    ...is('data.a', 'yes', 'is_timestamp'),
    ...schema({
      requried: ['a'],
      'x-owner': 'us',
      properties: { a: { type: 'string', example: 'b', format: 'rune' } },
    }),
  }
  const read = await readFolder(notificationsFolder({ 'hello/workflow.json': JSON.stringify(file) }))
  assert.deepEqual([read.problems, read.definitions.size], [undefined, 1])
  const told = (read.warnings ?? []).map((warning) => warning.replace('hello/workflow.json:1, ', ''))
  assert.deepEqual(told.sort(), [
    'conditions.all[0].argument: is ignored: is_timestamp looks at the variable alone',
    'step batch_1, settings.batch_window.hours: is ignored: an hourly rule takes every hour',
    'step branch_1, branches[0].conditions.all[0].argument: is ignored: exists looks at the variable alone',
    'step chat_1, template.markdown_body: is ignored: the json_body beside it is what is sent',
    'step delay_1, settings.delay_for.hours: is ignored: an hourly rule takes every hour',
    'step email_2, channel_group_key: is not in channels.json: the first channel of type email is used',
    'step email_3, template.is_mjml: is ignored: no html_body of MJML stands beside it',
    'step email_4, template.is_mjml: is ignored: no html_body of MJML stands beside it',
    'step email_4, template.settings.pre_content: is ignored: it runs before a layout, and there is none',
    'step email_5, template.settings.preview_text: is ignored: a mail of text alone shows none',
    'step feed_1, send_windows: is ignored: such a message is delivered by being written',
    'step feed_2, conditions.all[0].argument: is ignored: not_empty looks at the variable alone',
    'step limit, settings.batch_window_extension_limit: is ignored: only a batch_window_type of sliding is extended',
    'step push_1, template.title: is ignored: a silent push shows nothing',
    'step throttle_1, settings.throttle_window.hours: is ignored: an hourly rule takes every hour',
    'step wait_1, settings.event.source_key: is ignored: it says nothing where event_type is recipient',
    'step wait_1, settings.event.source_type: is ignored: it says nothing where event_type is recipient',
    'step wait_2, settings.event.audience_key: is ignored: it says nothing where event_type is event',
    'step wait_2, settings.event.integration_source_key: is ignored: it says nothing where event_type is event',
    'trigger_data_json_schema: holds the format "rune", which JSON Schema does not have: it checks nothing',
    'trigger_data_json_schema: holds the keyword "example", which JSON Schema does not have: it checks nothing',
    'trigger_data_json_schema: holds the keyword "requried", which JSON Schema does not have: it checks nothing',
  ])
})

test('an argument that an operator does not take is told of channels.json and preferences.json, too', async () => {
  const argued = { variable: 'recipient.plan', operator: 'exists', argument: 'x' }
  const { warnings = [] } = await readFolder(
    notificationsFolder({
      'hello/workflow.json': JSON.stringify({ steps: [feed('feed_1')] }),
      'channels.json': JSON.stringify({ 'in-app-feed': { type: 'in_app_feed', conditions: { all: [argued] } } }),
      'preferences.json': JSON.stringify({ channel_types: { email: { conditions: [argued] } } }),
    }),
  )
  assert.deepEqual(warnings, [
    'channels.json:1, in-app-feed.conditions.all[0].argument: is ignored: exists looks at the variable alone',
    'preferences.json:1, channel_types.email.conditions[0].argument: is ignored: exists looks at the variable alone',
  ])
})

test('a field of preferences.json that is not known is refused, and what Knock itself writes there is not', async () => {
  const refusedIn = async (set: object) => {
    const files = { 'hello/workflow.json': JSON.stringify({ steps: [feed('feed_1')] }) }
    const folder = notificationsFolder({ ...files, 'preferences.json': JSON.stringify(set) })
    return ((await readFolder(folder)).problems ?? []).map(({ file, field }) => `${file} ${field ?? ''}`)
  }
  const workflow = { conditions: [], channel_types: { email: false }, channels: {}, __strategy__: 'replace' }
  const whole = { channel_types: { sms: { conditions: [] } }, workflows: { a: workflow }, categories: { b: true } }
  assert.deepEqual(await refusedIn({ id: 'default', ...whole, commercial_subscribed: true }), [])
  const wrong = {
    worklows: { b: false },
    workflows: { a: { chanel_types: { sms: false }, channel_types: { sms: { conditions: [], condition: [1] } } } },
  }
  assert.deepEqual(await refusedIn({ ...wrong, commercial_subscribed: { conditions: [], if: true } }), [
    'preferences.json worklows',
    'preferences.json workflows.a.chanel_types',
    'preferences.json workflows.a.channel_types.sms.condition',
    'preferences.json commercial_subscribed.if',
  ])
})

test('a shared file whose form is wrong is told in Belay’s words', async () => {
  const { problems = [] } = await readFolder(
    notificationsFolder({
      'vars.json': '[]',
      'layouts/plain/layout.json': '{}',
      'partials/note/partial.json': '{"type":"x"}',
    }),
  )
  assert.deepEqual(problems.map(problemLine), [
    'vars.json:1: must be an object',
    'layouts/plain/layout.json:1, html_layout: is required',
    'partials/note/partial.json:1, type: must be one of html, markdown, text, json',
    'partials/note/partial.json:1, content: is required',
  ])
})

test('tags and filters of compiled templates are no author’s: they are refused like any that there is not', async () => {
  const tags = 'address addressed nonempty capture_text footer_links render_item render_inline indented'.split(' ')
  const step = (template: object, at: number) => ({
    ...{ ref: `s${at}`, type: 'channel', channel_type: 'email', template: { subject: 'Hi', ...template } },
  })
  const foreign = [...tags.map((tag) => `{% ${tag} x %}a{% end${tag} %}`), '{{ x | text_of_html }}']
  const templates = foreign.flatMap((content) => [
    { text_body: content },
    { html_body: content },
    { visual_blocks: [{ type: 'markdown', content }] },
  ])
  const read = await readFolder(
    notificationsFolder({
      'hello/workflow.json': { steps: templates.map(step) },
      'layouts/a/layout.json': { html_layout: '{{ content }}\n{% nonempty %}' },
      'layouts/b/layout.json': {
        html_layout: '{{ content }}{{ footer_links }}',
        footer_links: [{ text: '{% address %}', url: 'x' }],
      },
      'partials/c/partial.json': { type: 'markdown', content: '{{ x | text_of_html }}' },
    }),
  )
  const told = (read.problems ?? []).map(({ file, step: ref, message }) => `${ref ?? file}: ${message}`)
  const notFound = (name: string) =>
    name === 'text_of_html' ? /undefined filter: text_of_html/ : `tag "${name}" not found`
  for (const [index, name] of [...tags, 'text_of_html'].entries())
    for (const at of [0, 1, 2])
      assert.ok(
        told.some((line) => line.startsWith(`s${index * 3 + at}: `) && new RegExp(notFound(name)).test(line)),
        name,
      )
  for (const [file, message] of [
    ['layouts/a', 'tag "nonempty" not found, line:2, col:1'],
    ['layouts/b', 'tag "address" not found'],
    ['partials/c/partial.json', 'undefined filter: text_of_html'],
  ])
    assert.ok(
      told.some((line) => line.startsWith(file!) && line.includes(message!)),
      `${file}: ${told.join('\n')}`,
    )
})

test('a step that triggers a workflow the folder does not have is told at start, and nobody is refused for it', async () => {
  const trigger = (ref: string, workflow_key: string) => ({ ref, type: 'trigger_workflow', settings: { workflow_key } })
  const steps = [
    trigger('one', 'nobody'),
    trigger('two', 'other'),
    trigger('three', '{{ data.key }}'),
    trigger('four', 'hello'),
  ]
  const read = await readFolder(
    notificationsFolder({ 'hello/workflow.json': { steps }, 'other/workflow.json': { steps: [] } }),
  )
  assert.deepEqual([...read.definitions.keys()], ['hello'])
  assert.deepEqual(read.warnings, [
    'hello/workflow.json, step one, settings.workflow_key: there is no workflow nobody: the step fails',
  ])
  assert.deepEqual(read.warningsOf?.get('hello'), read.warnings)
})

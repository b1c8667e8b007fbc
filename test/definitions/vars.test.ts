import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { renderLiquid } from '../../templates/liquid.ts'
import { testScope } from '../../testing/fixtures/scope.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'

const definition = (body: string) => ({
  steps: [
    { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { 'markdown_body@': 'body.md' } },
    { ref: 'feed_2', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: body } },
  ],
})

test('a name of vars.json that a template uses and nobody set is told by file, step and field', async () => {
  const folder = notificationsFolder({
    'vars.json': { app_url: 'https://app.example' },
    'hello/workflow.json': definition(
      '{{ vars.app_url }} {{ vars.color | default: "red" }} {{ vars.branding.logo_url }}',
    ),
    'hello/body.md': '{% if vars.beta %}{{ vars.app_url }}{% endif %}',
  })
  const { warnings } = await readCatalog(folder)
  assert.deepEqual(warnings, [
    'hello/body.md, step feed_1, template.markdown_body: uses vars.beta, which vars.json does not set: it shows as nothing',
  ])
})

test('so is a name inside a value, in brackets, in a condition, in a layout and in a partial, each once', async () => {
  const mail = (ref: string) => ({
    ...{ ref, type: 'channel', channel_type: 'email', channel_key: 'mail' },
    template: { subject: "{{ vars['sub'] }}", html_body: '{% render "foot" %}', settings: { layout_key: 'plain' } },
  })
  const feed = {
    ...{ ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed' },
    conditions: { all: [{ variable: 'vars.flags.off', operator: 'equal_to', argument: true }] },
    template: {
      markdown_body:
        '{{ vars["company"].name }} {{ vars.company.size.x }} {{ vars.list[0] }} {{ vars.list[5] }} {{ vars.list.size }} {{ vars.flags.on }} {{ vars.none }} {{ vars[data.name] }}',
    },
  }
  const folder = notificationsFolder({
    'vars.json': { company: {}, list: ['a'], flags: { on: false }, none: null, text: 'abc' },
    'channels.json': { mail: { type: 'email' } },
    'layouts/plain/layout.json': { html_layout: '{{ vars.text.last }} {{ vars.imprint }} {{ content }}' },
    'partials/foot/partial.json': { type: 'html', content: '{{ vars.text.x }}' },
    'hello/workflow.json': { steps: [feed, mail('mail_1')] },
    'other/workflow.json': { steps: [mail('mail_1')] },
  })
  const { warnings } = await readCatalog(folder)
  const told = warnings!.map((each) => each.replace(/, which.*/, ''))
  assert.deepEqual(told, [
    'hello/workflow.json, step feed_1, conditions.all[0].variable: uses vars.flags.off',
    'hello/workflow.json, step feed_1, template.markdown_body: uses vars.company.name',
    'hello/workflow.json, step feed_1, template.markdown_body: uses vars.company.size.x',
    'hello/workflow.json, step feed_1, template.markdown_body: uses vars.list.5',
    'hello/workflow.json, step mail_1, template.subject: uses vars.sub',
    'layouts/plain, html: uses vars.imprint',
    'partials/foot, content: uses vars.text.x',
    'other/workflow.json, step mail_1, template.subject: uses vars.sub',
  ])
})

test('of a name that a path asks for, what comes of it is told: a run that fails, a step that is skipped', async () => {
  const unset = { unit: 'hours', value: 1 }
  const folder = notificationsFolder({
    'vars.json': { times: [] },
    'hello/workflow.json': {
      steps: [
        { ref: 'delay_1', type: 'delay', settings: { delay_until_field_path: 'vars.launch_at' } },
        { ref: 'delay_2', type: 'delay', settings: { delay_until_field_path: 'vars.times[0].at' } },
        {
          ...{ ref: 'throttle_1', type: 'throttle' },
          settings: { throttle_key: 'vars.key', throttle_window_field_path: 'vars.quiet' },
        },
        {
          ...{ ref: 'experiment_1', type: 'random_cohort', cohort_key: 'vars.seed' },
          cohort_branches: ['50', '50'].map((percentage) => ({ percentage, steps: [] })),
        },
        { ref: 'batch_1', type: 'batch', settings: { batch_key: 'vars.key', batch_until_field_path: 'vars.close' } },
        { ref: 'batch_2', type: 'batch', settings: { batch_key: '{{ vars.key }}', batch_window: unset } },
        {
          ...{ ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } },
          conditions: { all: [{ variable: 'vars.on', operator: 'equal_to', argument: 'vars.off' }] },
        },
      ],
    },
  })
  const { warnings } = await readCatalog(folder)
  const told = warnings!.map((each) => each.replace(/^hello\/workflow.json, step /, ''))
  const ofVars = 'which vars.json does not set'
  assert.deepEqual(told, [
    `delay_1, settings.delay_until_field_path: uses vars.launch_at, ${ofVars}: the run fails there`,
    `delay_2, settings.delay_until_field_path: uses vars.times.0.at, ${ofVars}: the run fails there`,
    `throttle_1, settings.throttle_key: uses vars.key, ${ofVars}: the step is skipped`,
    `throttle_1, settings.throttle_window_field_path: uses vars.quiet, ${ofVars}: the step is skipped`,
    `experiment_1, cohort_key: uses vars.seed, ${ofVars}: the recipient counts instead`,
    `batch_1, settings.batch_key: uses vars.key, ${ofVars}: it is the empty text`,
    `batch_1, settings.batch_until_field_path: uses vars.close, ${ofVars}: the step is skipped`,
    `batch_2, settings.batch_key: uses vars.key, ${ofVars}: it shows as nothing`,
    `feed_1, conditions.all[0].variable: uses vars.on, ${ofVars}: it is the empty text`,
    `feed_1, conditions.all[0].argument: uses vars.off, ${ofVars}: it is the empty text`,
  ])
})

test('without vars.json every name used is told', async () => {
  const folder = notificationsFolder({ 'hello/workflow.json': definition('{{ vars.app_url }}'), 'hello/body.md': 'Hi' })
  const { warnings } = await readCatalog(folder)
  assert.match(
    warnings?.join('\n') ?? '',
    /^hello\/workflow\.json, step feed_2, template\.markdown_body: uses vars\.app_url/,
  )
})

test('templates see the values as JSON, a secret from the environment, and branding with the tenant laid over it', async () => {
  const folder = notificationsFolder({
    'vars.json': {
      on: true,
      list: ['a', 'b'],
      key: '$BELAY_TEST_SECRET',
      gone: '$BELAY_TEST_GONE',
      branding: { logo_url: 'l' },
    },
    'hello/workflow.json': definition('Hi'),
    'hello/body.md': 'Hi',
  })
  process.env['BELAY_TEST_SECRET'] = 's3cret'
  try {
    const { definitions, warnings } = await readCatalog(folder)
    const { definition: read } = definitions.get('hello')!
    assert.doesNotMatch(JSON.stringify(read), /s3cret/)
    assert.deepEqual(warnings, [
      'vars.json: the environment variable BELAY_TEST_GONE is not set: its value shows as nothing',
    ])
    const scope = testScope({
      library: read.library!,
      tenant: { id: 't', properties: { settings: { branding: { primary_color: '#f00', logo_url: null } } } },
    })
    const shown = (text: string) => renderLiquid(text, 'text', scope)
    assert.equal(
      shown('{% if vars.on == true %}yes{% endif %} {{ vars.list[1] }} {{ vars.key }} [{{ vars.gone }}]'),
      'yes b s3cret []',
    )
    assert.equal(
      shown(
        '{{ vars.branding.primary_color }} {{ vars.branding.primary_color_contrast }} {{ vars.branding.logo_url }}',
      ),
      '#f00 #ffffff l',
    )
  } finally {
    delete process.env['BELAY_TEST_SECRET']
  }
})

test('a vars.json that cannot be used stops the start, naming file and field', async () => {
  assert.deepEqual(
    await problemsOf(notificationsFolder({ 'vars.json': '{' })).then((all) => all.map(({ file }) => file)),
    ['vars.json'],
  )
  const [problem] = await problemsOf(notificationsFolder({ 'vars.json': { '1a': 1 } }))
  assert.deepEqual([problem?.file, problem?.field], ['vars.json', '1a'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

async function warningsOf(files: Record<string, unknown>): Promise<string[]> {
  const { warnings } = await readCatalog(notificationsFolder(files))
  return (warnings ?? []).filter((warning) => /from_markdown|in an attribute/.test(warning))
}
const step = (channel_type: string, template: object) => ({
  steps: [{ ref: `${channel_type}_1`, type: 'channel', channel_type, template }],
})
const MARKDOWN = '{{ data.text | from_markdown }}'

test('from_markdown where text is shown as it is is told at load, by file, line, step and field', async () => {
  for (const [type, template, field] of [
    ['sms', { text_body: MARKDOWN }, 'text_body'],
    ['push', { title: MARKDOWN, text_body: 'Hi' }, 'title'],
    ['push', { text_body: `{% assign a = data.text | from_markdown | strip %}{{ a }}` }, 'text_body'],
    ['email', { subject: MARKDOWN, html_body: 'Hi' }, 'subject'],
    ['email', { subject: 'Hi', html_body: 'Hi', text_body: MARKDOWN }, 'text_body'],
    ['chat', { markdown_body: MARKDOWN, summary: MARKDOWN }, 'summary'],
    [
      'in_app_feed',
      { markdown_body: MARKDOWN, action_buttons: [{ label: MARKDOWN, action: 'https://a.example' }] },
      'action_buttons[0].label',
    ],
  ] as const)
    assert.deepEqual(await warningsOf({ 'hello/workflow.json': step(type, template) }), [
      `hello/workflow.json:1, step ${type}_1, template.${field}: has from_markdown, which makes HTML: its tags are shown as text`,
    ])
})

test('nothing is told of from_markdown whose tags go, or count', async () => {
  for (const [type, template] of [
    ['sms', { text_body: '{{ data.text | from_markdown | strip_html }} {% raw %}{{ a | from_markdown }}{% endraw %}' }],
    ['sms', { text_body: '{% assign a = data.text | from_markdown %}{{ a | strip_html }}' }],
    ['sms', { text_body: 'Hi', settings: { payload_overrides: `{"html": {{ data.text | from_markdown | json }}}` } }],
    ['email', { subject: 'Hi', html_body: MARKDOWN }],
    ['chat', { markdown_body: MARKDOWN }],
  ] as const)
    assert.deepEqual(await warningsOf({ 'hello/workflow.json': step(type, template) }), [])
})

const partials = {
  'partials/tags/partial.json': { type: 'html', content: '<b>{{ x }}</b>' },
  'partials/url/partial.json': { type: 'html', content: 'https://a.example/{{ x }}' },
  'partials/plain/partial.json': { type: 'text', content: '<{{ x }}>' },
}
const odd = 'renders the partial tags in an attribute, where its tags are text: render one whose type is text'

test('a partial with tags in an attribute is told at load, wherever that stands', async () => {
  const email = (body: object) => step('email', { subject: 'Hi', ...body })
  const blocks = (...visual_blocks: object[]) => email({ visual_blocks })
  for (const [workflow, field] of [
    [email({ html_body: `<a title="{% render 'tags', x: data.x %}">x</a>` }), 'html_body'],
    [blocks({ type: 'html', content: `<img alt='{% render "tags" %}'>` }), 'visual_blocks[0].content'],
    [blocks({ type: 'markdown', content: "[x]({% render 'tags', x: 1 %})" }), 'visual_blocks[0].content'],
    [step('in_app_feed', { markdown_body: `<p class="{% render 'tags' %}">x</p>` }), 'markdown_body'],
  ] as const) {
    const told = await warningsOf({ 'hello/workflow.json': workflow, ...partials })
    assert.equal(told.length, 1, field)
    assert.match(told[0]!, /^hello\/workflow\.json:1, step \w+, template\./)
    assert.ok(told[0]!.endsWith(`template.${field}: ${odd}`), told[0])
  }
  const shared = {
    ...partials,
    'hello/workflow.json': email({ html_body: "{% render 'outer' %}", settings: { layout_key: 'default' } }),
    'partials/outer/partial.json': { type: 'markdown', content: `<i title="{% render 'tags' %}">x</i>` },
    'layouts/default/layout.json': { html_layout: `<body class="{% render 'tags' %}">{{ content }}</body>` },
  }
  const told = await warningsOf(shared)
  assert.deepEqual(told.map((warning) => warning.replace(/\.json:\d+, content/, '.json')).sort(), [
    `layouts/default: ${odd}`,
    `partials/outer/partial.json: ${odd}`,
  ])
})

test('nothing is told of a partial without tags in an attribute, and of one beside it', async () => {
  const html_body = `<a href="{% render 'url' %}" title="{% render 'plain' %}">{% render 'tags' %}</a> "{% render 'tags' %}"`
  const files = { 'hello/workflow.json': step('email', { subject: 'Hi', html_body }), ...partials }
  assert.deepEqual(await warningsOf(files), [])
})

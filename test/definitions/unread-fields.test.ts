import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

const email = (visual_blocks: object[]) => ({
  __readonly: { environment: 'development', anything: 'else' },
  steps: [
    {
      ref: 'email_1',
      type: 'channel',
      channel_type: 'email',
      template: { subject: 'Hi', settings: { layout_key: 'plain' }, visual_blocks },
    },
  ],
})
const layout = { html_layout: '<body>{{ content }}</body>' }
const partial = { type: 'html', content: '<p>{{ a }}</p>' }

/** Each warning without the workflow's file and what it says; the shared files by their paths. */
async function told(blocks: object[], files: Record<string, object>): Promise<string[]> {
  const { definitions, warnings = [] } = await readFolder(
    notificationsFolder({
      'hello/workflow.json': email(blocks),
      'layouts/plain/layout.json': layout,
      'partials/note/partial.json': partial,
      ...files,
    }),
  )
  assert.equal(definitions.size, 1)
  return warnings.map((warning) => warning.replace(/^hello\/workflow\.json:\d+, step email_1, template\./, ''))
}

test('a misspelled field of a look is told at start, wherever in the blocks it stands, and nothing is refused', async () => {
  const ignored = (field: string) => `visual_blocks${field}: is not a field Belay knows: it is ignored`
  const blocks = [
    { type: 'markdown', content: 'Hi', layout_attrs: { padding_botom: 3 }, style_attrs: { color: '#fff' } },
    {
      type: 'button_set',
      layout_attrs: { colum_gap: 3 },
      buttons: [{ label: 'Go', action: 'x', size_attrs: { siz: 'lg' }, style_attrs: { back_color: '#fff' } }],
    },
    { type: 'image', url: 'https://x.example/a.png', style_attrs: { widht: '100%' } },
    { type: 'partial', key: 'note', layout_attrs: { padding_left: 3 } },
    {
      type: 'row',
      layout_attrs: { column_gap: 4, gap: 4 },
      columns: [{ widht: '50%', blocks: [{ type: 'html', content: 'x', layout_attrs: { padding_lft: 1 } }] }],
    },
  ]
  assert.deepEqual(await told(blocks, {}), [
    ignored('[0].layout_attrs.padding_botom'),
    ignored('[0].style_attrs.color'),
    ignored('[1].layout_attrs.colum_gap'),
    ignored('[1].buttons[0].size_attrs.siz'),
    ignored('[1].buttons[0].style_attrs.back_color'),
    ignored('[2].style_attrs.widht'),
    ignored('[3].layout_attrs.padding_left'),
    ignored('[4].layout_attrs.gap'),
    ignored('[4].columns[0].widht'),
    ignored('[4].columns[0].blocks[0].layout_attrs.padding_lft'),
  ])
})

test('a misspelled field of a layout or a partial is told at start, and so is what is not carried out of them', async () => {
  const files = {
    'layouts/plain/layout.json': {
      ...layout,
      txt_layout: '{{ content }}',
      footer_links: [{ text: 'Help', url: 'https://help.example', target: '_blank' }],
      branding_overrides: { primary_color: '#f00' },
    },
    'partials/note/partial.json': {
      ...partial,
      input_schem: [{ key: 'a' }],
      input_schema: [{ key: 'a', type: 'text', requird: true }],
    },
  }
  const lines = (await told([], files)).map((line) => line.replace(/:\d+, /, ' '))
  assert.deepEqual(lines.sort(), [
    'layouts/plain/layout.json branding_overrides: is not carried out: set vars.branding, or the tenant’s settings.branding',
    'layouts/plain/layout.json footer_links[0].target: is not a field Belay knows: it is ignored',
    'layouts/plain/layout.json txt_layout: is not a field Belay knows: it is ignored',
    'partials/note/partial.json input_schem: is not a field Belay knows: it is ignored',
    'partials/note/partial.json input_schema[0].requird: is not a field Belay knows: it is ignored',
  ])
})

test('what Knock itself writes into blocks, layouts and partials, and what is unset, is told of nowhere', async () => {
  const written = {
    $schema: 'x',
    name: 'N',
    key: 'k',
    sha: 's',
    created_at: 'x',
    updated_at: 'x',
    __readonly: { a: 1 },
  }
  const settings = { default: 'x', required: true, description: 'D', placeholder: 'P', max_length: 3 }
  const files = {
    'layouts/plain/layout.json': {
      ...layout,
      ...written,
      text_layout: '{{ content }}',
      branding_overrides: { a: null },
    },
    'partials/note/partial.json': {
      ...partial,
      ...written,
      description: 'D',
      icon_name: 'Note',
      visual_block_enabled: true,
      input_schema: [
        { key: 'a', type: 'text', label: 'A', settings },
        { key: 'b', type: 'button', label: 'B', text: { key: 't', type: 'text' }, action: { key: 'u', type: 'url' } },
        { key: 'c', type: 'image', label: 'C', url: {}, alt: {}, action: {} },
      ],
    },
  }
  const decoration = { id: 'b1', version: 1, variant: 'default', name: 'Block', style_attrs: {} }
  const blocks = [
    { ...decoration, type: 'divider', layout_attrs: { padding_top: 1, paddng: null } },
    { ...decoration, type: 'row', columns: [{ id: 'c1', type: 'column', version: 1, blocks: [] }] },
  ]
  assert.deepEqual(await told(blocks, files), [])
})

test('a field that is not known in channels.json is refused by its own name, in a channel and in a group', async () => {
  const { problems = [] } = await readFolder(
    notificationsFolder({
      'hello/workflow.json': email([]),
      'layouts/plain/layout.json': layout,
      'channels.json': {
        mail: { type: 'email', naem: 'Mail', sender: 'x' },
        all: { type: 'email', operater: 'any', channels: [{ channel: 'mail', condition: { all: [1] } }] },
      },
    }),
  )
  const lines = problems.map(({ field, message }) => `${field ?? ''}: ${message.split(/[,;]/)[0]!}`)
  assert.deepEqual(lines.sort(), [
    'all.channels[0].condition: is not known here',
    'all.operater: is not a field of a group',
    'mail.naem: is not a field of a channel',
    'mail.sender: is not a field of a channel',
  ])
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { channelTypes } from '../../channels/registry.ts'
import { reportReaders } from '../../channels/reports/readers.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { fieldsOf } from '../../testing/fixtures/file-fields.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

const docs = readFileSync(new URL('../../docs/channels.md', import.meta.url), 'utf8')
const providers = Object.entries(channelTypes).flatMap(([type, { providers: known }]) =>
  Object.keys(known).map((key) => ({ type, key })),
)
/** What stands under a heading of the third level, up to the next heading. */
const sectionOf = (name: string) => docs.split(`\n### ${name}\n`)[1]?.split(/\n##/)[0]

test('every channel type has a row, which names each field at the top of its template', () => {
  const [before] = docs.split('\n## ')
  const rows = new Map(
    before!.split('\n').flatMap((line) => {
      const [, type, template] = line.split('|').map((cell) => cell.trim())
      return type?.startsWith('`') && template ? [[type, template] as const] : []
    }),
  )
  for (const [type, { template }] of Object.entries(channelTypes)) {
    const told = rows.get(`\`${type}\``)
    assert.ok(told !== undefined, `docs/channels.md has no row for ${type}`)
    const fields = new Set([...fieldsOf(template)].map((path) => path.split(/[.[]/)[0]!))
    for (const field of fields)
      if (field !== 'settings') assert.ok(told.includes(`\`${field}\``), `the row of ${type} does not name ${field}`)
  }
  assert.deepEqual([...rows.keys()].sort(), [...Object.keys(channelTypes)].map((type) => `\`${type}\``).sort())
})

test('every provider has a section with lines to paste, which are a channel of its, and says what failures mean', async () => {
  for (const { type, key } of providers) {
    const section = sectionOf(key)
    assert.ok(section, `docs/channels.md has no section ### ${key}`)
    const [, lines] = /```json\n([\s\S]*?)```/.exec(section) ?? []
    assert.ok(lines, `${key} has no lines to paste`)
    const channels = JSON.parse(`{${lines}}`) as Record<string, { type: string; provider?: string }>
    const folder = notificationsFolder({
      'channels.json': channels,
      'hello/workflow.json': {
        name: 'Hello',
        steps: [{ ref: 'a', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }],
      },
    })
    const catalog = await readCatalog(folder)
    const [name] = Object.keys(channels)
    const channel = catalog.channels.find((each) => each.key === name)!
    assert.deepEqual([channel.type, channel.provider], [type, key])
    if (key !== 'belay') assert.match(section, /^- `/m, `${key} says of no failure what it means`)
  }
})

test('every provider that reports has its line among the reports', () => {
  const [, reports] = docs.split('\n## Delivery reports\n')
  for (const key of Object.keys(reportReaders)) assert.match(reports!, new RegExp(`^\\| \`${key}\` +\\|`, 'm'))
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { problemLine } from '../../definitions/problem.ts'
import { readFolder } from '../../definitions/read-catalog.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

const fine = workflow(feedStep('feed_1'))
const told = async (folder: string) => ((await readFolder(folder)).problems ?? []).map(problemLine)
const feed = (template: object) => ({
  steps: [{ ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template }],
})

/** Each kind of file that is read, and one that refers to it where none does by itself. */
const kinds: [file: string, others: Record<string, unknown>][] = [
  ['hello/workflow.json', {}],
  ['hello/body.md', { 'hello/workflow.json': feed({ 'markdown_body@': 'body.md' }) }],
  ['channels.json', {}],
  ['vars.json', {}],
  ['preferences.json', {}],
  ['layouts/default/layout.json', {}],
  ['layouts/default/html.html', { 'layouts/default/layout.json': { 'html_layout@': 'html.html' } }],
  ['partials/card/partial.json', {}],
  ['partials/card/content.md', { 'partials/card/partial.json': { type: 'markdown', 'content@': 'content.md' } }],
  ['translations/en/en.json', {}],
  ['translations/en/admin.en.po', {}],
]

for (const [file, others] of kinds) {
  const refused = async (make: (path: string) => void, reason: RegExp) => {
    const folder = notificationsFolder({ 'other/workflow.json': fine, ...others })
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    make(path)
    const lines = await told(folder)
    assert.equal(lines.length, 1, lines.join('\n'))
    const [folderOf, name] = [file.split('/').slice(0, -1).join('/'), file.split('/').at(-1)!]
    assert.ok(lines[0]!.startsWith(folderOf) && lines[0]!.includes(name), lines[0])
    assert.match(lines[0]!, reason)
  }

  test(`${file}: a named pipe or a device is refused by its name, and nobody waits for it`, async () => {
    await refused((path) => void spawnSync('mkfifo', [path]), /is no file, but a folder, a pipe or a device/)
    // What a definition refers to stays in its folder; what is shared may be a link.
    await refused((path) => symlinkSync('/dev/zero', path), /is no file|is outside/)
  })

  test(`${file}: a MiB is read, and a byte more is refused by the file's name`, async () => {
    const fill = (bytes: number) => (path: string) => void spawnSync('truncate', ['-s', String(bytes), path])
    await refused(fill(1024 * 1024 + 1), /holds 1,048,577 bytes: at most 1 MiB is read/)
  })
}

test('files that refer to each other over and over are read within bounds', async () => {
  const twice = (name: string) => ({ 'settings@': name, 'template@': name })
  const doubling = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`hello/${n}.json`, twice(`${n + 1}.json`)]))
  const many = notificationsFolder({ 'hello/workflow.json': twice('0.json'), ...doubling, 'hello/30.json': {} })
  assert.match((await told(many))[0]!, /makes it more than 1,000 files that are read together/)

  const large = notificationsFolder({
    'hello/workflow.json': { steps: Array.from({ length: 9 }, () => ({ 'name@': 'large.md' })) },
    'hello/large.md': 'x'.repeat(1024 * 1024),
  })
  assert.match((await told(large))[0]!, /hello\/workflow\.json:1, .*large\.md makes it more than 8 MiB/)
})

test('a locale written with _ keeps the texts of all its files', async () => {
  const { definitions } = await readFolder(
    notificationsFolder({
      'hello/workflow.json': feed({ markdown_body: '{{ "a" | t }}' }),
      'translations/en_GB/en_GB.json': { a: 'A' },
      'translations/en_GB/shop.en_GB.json': { b: 'B' },
    }),
  )
  const { translations } = definitions.get('hello')!.definition.library!
  assert.deepEqual(translations, { 'en-GB': { '': { a: 'A' }, shop: { b: 'B' } } })
})

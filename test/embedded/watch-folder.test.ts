import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { stateOf, watchFolder } from '../../embedded/watch-folder.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

const AT = new Date('2030-01-01T00:00:00Z')

test('whatever is done to a folder is told once it is done, also behind a link', async (t) => {
  const elsewhere = notificationsFolder({ 'linked/workflow.json': '{}' })
  const folder = notificationsFolder({ 'one/workflow.json': '{}', 'two/workflow.json': '{}' })
  symlinkSync(join(elsewhere, 'linked'), join(folder, 'linked'))
  symlinkSync(folder, join(folder, 'round'))
  const one = join(folder, 'one', 'workflow.json')
  utimesSync(one, AT, AT)
  let told = 0
  const asRead = await stateOf(folder)
  // What came before its first look counts, too.
  writeFileSync(join(folder, 'early'), 'x')
  const watch = watchFolder(folder, () => Promise.resolve(void (told += 1)), asRead)
  t.after(() => watch.close())
  await eventually(() => assert.equal(told, 1))

  const changes: Record<string, () => void> = {
    'a file behind a link is written': () => writeFileSync(join(elsewhere, 'linked', 'workflow.json'), '{ }'),
    'a file is replaced by one of its size and time': () => {
      writeFileSync(`${one}.new`, '[]')
      utimesSync(`${one}.new`, AT, AT)
      renameSync(`${one}.new`, one)
    },
    'a file can be read no more': () => chmodSync(one, 0o000),
    'a folder is renamed': () => renameSync(join(folder, 'two'), join(folder, 'three')),
    'a folder is removed': () => rmSync(join(folder, 'three'), { recursive: true }),
    'a folder comes': () => mkdirSync(join(folder, 'four')),
  }
  for (const [what, change] of Object.entries(changes)) {
    const before = told
    change()
    await eventually(() => assert.ok(told > before, what))
  }
})

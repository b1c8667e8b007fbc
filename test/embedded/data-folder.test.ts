import assert from 'node:assert/strict'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDataFolder } from '../../embedded/data-folder.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { runScript, type Script } from '../../testing/servers/process.ts'

const holdDataFolder = fileURLToPath(new URL('../../testing/servers/hold-data-folder.ts', import.meta.url))

async function hold(t: TestContext, folder: string): Promise<Script> {
  const holder = runScript(holdDataFolder, [folder])
  t.after(() => holder.kill('SIGKILL'))
  await holder.says('held')
  return holder
}

test('makes the folder for its owner alone', async () => {
  const path = join(temporaryFolder(), 'new', 'data')
  const folder = await openDataFolder(path)
  assert.equal(statSync(path).mode & 0o777, 0o700)
  await folder.release()
})

test('refuses a folder that another process holds, and names the folder and the process', async (t) => {
  const folder = temporaryFolder()
  const holder = await hold(t, folder)
  await assert.rejects(openDataFolder(folder), (error: Error) => {
    assert.match(error.message, new RegExp(`^${folder} is in use by process ${holder.pid};`))
    assert.match(error.message, /BELAY_DATA_DIR/)
    return true
  })
})

test('opens a folder at once whose holder was killed', async (t) => {
  const folder = temporaryFolder()
  const holder = await hold(t, folder)
  holder.kill('SIGKILL')
  await holder.ended
  assert.ok(existsSync(join(folder, 'lock.sock')), 'the killed holder left its lock file')
  const opened = await openDataFolder(folder)
  await assert.rejects(openDataFolder(folder), /is in use by process/)
  await opened.release()
})

test('locks a folder whose path is too long for a socket', async (t) => {
  const folder = join(temporaryFolder(), 'x'.repeat(120))
  mkdirSync(folder)
  const holder = await hold(t, folder)
  await assert.rejects(openDataFolder(folder), new RegExp(`is in use by process ${holder.pid};`))
  holder.kill('SIGKILL')
  await holder.ended
  await (await openDataFolder(folder)).release()
})

test('can be opened again after its release', async () => {
  const folder = temporaryFolder()
  await (await openDataFolder(folder)).release()
  await (await openDataFolder(folder)).release()
})

test('of many starts at once on a folder whose holder was killed, one gets it', async (t) => {
  const folder = temporaryFolder()
  const holder = await hold(t, folder)
  holder.kill('SIGKILL')
  await holder.ended
  const starts = await Promise.allSettled(Array.from({ length: 20 }, () => openDataFolder(folder)))
  const got = starts.filter((start) => start.status === 'fulfilled')
  assert.equal(got.length, 1)
  await got[0]!.value.release()
})

test('a path that cannot be a folder is an error that names the variable', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  for (const path of [file, join(file, 'data'), join(file, 'more', 'data')])
    await assert.rejects(openDataFolder(path), /^StartError: BELAY_DATA_DIR: /, path)
})

test('so is one where nothing can be made, at any depth', { skip: !existsSync('/proc/self') }, async (t) => {
  for (const path of ['/proc/belay', '/proc/belay/data']) {
    // In a process of its own: what loops there can be told nothing.
    const holder = runScript(holdDataFolder, [path])
    t.after(() => holder.kill('SIGKILL'))
    await holder.says(`BELAY_DATA_DIR: ${path} cannot be made or used (ENOENT: `)
    assert.equal(await holder.ended, 1)
  }
})

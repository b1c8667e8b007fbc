import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, docker, root } from '../../testing/containers/docker.ts'
import { container } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

/** Last of all files by its name: the folder that its containers mount is gone afterwards. */
/** Some were accepted before, and are due after. */
const SLEEP_S = 30

test('an upgrade to other workflow code finds everybody asleep, and wakes them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-upgrade-'))
  try {
    for (const file of (await command('git', ['ls-files'])).split('\n')) cpSync(join(root, file), join(folder, file))
    // Another text of the bundle is another build for Temporal.
    const workflows = join(folder, 'workflows/index.ts')
    writeFileSync(workflows, `${readFileSync(workflows, 'utf8')}\nexport const upgrade = 'of the containers’ test'\n`)
    const file = join(folder, 'docker-compose.yml')
    await docker('compose', '-f', file, 'build')
    const before = await docker('inspect', '-f', '{{.Image}}', (await container('worker')).id)
    const fault = async () => {
      await docker('compose', '-f', file, 'up', '--detach', '--wait', '--build')
      const after = await docker('inspect', '-f', '{{.Image}}', (await container('worker')).id)
      assert.notEqual(after, before)
    }
    await underLoad(t, 'upgrade', fault, { ends: ['api', 'worker'], sleep: SLEEP_S })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

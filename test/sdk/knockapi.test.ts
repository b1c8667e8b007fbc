import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { carryOnBulk } from '../../engine/bulk-operations.ts'
import { idleBulks } from '../../store/bulk-operations/bulk-operations.ts'
import { emailChannel, feedChannel } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { openWorld } from '../../testing/sdk/world.ts'

const rows = fileURLToPath(new URL('../../testing/sdk/knockapi_rows.py', import.meta.url))
/** Where `.ci/run` puts each version, by pip's `--target`. */
const packages = fileURLToPath(new URL('../../node_modules/.knockapi/', import.meta.url))
const MESSAGES = 60

for (const [version, least] of [
  ['0.1.1', 4],
  ['0.5.14', 70],
  ['1.33.0', 90],
] as const) {
  const skip = existsSync(`${packages}${version}`) ? false : `knockapi ${version} is not here: .ci/run installs it`

  test(
    `every method of Python's knockapi ${version} does what it says, read back by another route`,
    { skip },
    async (t) => {
      const world = await openWorld()
      const { deps, url } = world.api
      t.after(() => world.api.close())
      const messages = []
      for (let n = 0; n < MESSAGES; n += 1) messages.push(await world.message())
      const bulk = { isOver: false }
      const bulks = (async () => {
        while (!bulk.isOver) {
          for (const id of await idleBulks(deps.store.db, deps.now() + 60_000, 10)) await carryOnBulk(deps, id)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })()
      const python = spawn('python3', [rows], {
        env: { ...process.env, PYTHONPATH: `${packages}${version}`, PYTHONDONTWRITEBYTECODE: '1' },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const given = { host: url, key: SECRET_KEY, messages, feed: feedChannel.id, channel: emailChannel.id }
      python.stdin.end(`${JSON.stringify(given)}\n`)
      const failed: unknown[] = []
      let tried = 0
      for await (const line of createInterface(python.stdout)) {
        const told = JSON.parse(line) as { method: string; error: string | null }
        tried += 1
        if (told.error !== null) failed.push(told)
      }
      bulk.isOver = true
      await bulks
      assert.deepEqual(failed, [])
      assert.ok(tried >= least, `${tried} methods`)
    },
  )
}

import { readdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { command } from '../../testing/containers/docker.ts'
import { readiness } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const disk = process.env['BELAY_TEST_DISK'] ?? ''
const FULL_MS = 40_000
const TIMES = 8

test('the disk of Postgres is full for forty seconds', { skip: disk === '' && 'needs root and a loop device' }, (t) => {
  const fault = async () => {
    try {
      // Again and again: Postgres gives files back.
      for (let time = 0; time < TIMES; time += 1) {
        await fill(time)
        await wait(FULL_MS / TIMES)
      }
      t.diagnostic(`on a full disk: ${await readiness()}`)
    } finally {
      for (const name of readdirSync(disk)) if (name.startsWith('filler')) rmSync(join(disk, name))
    }
  }
  // Postgres itself ends where it cannot write its log ahead.
  return underLoad(t, 'full-disk', fault, { ends: ['postgres'] })
})

/** What cannot be had as one file is written block by block. */
async function fill(time: number): Promise<void> {
  const { bavail, bsize } = statfsSync(disk)
  const megabytes = Math.floor((bavail * bsize) / 1_048_576)
  const file = join(disk, `filler-${time}`)
  if (megabytes > 0) await command('fallocate', ['-l', `${megabytes}MiB`, file]).catch(() => undefined)
  await command('dd', ['if=/dev/zero', `of=${file}-rest`, 'bs=4096']).catch(() => undefined)
}

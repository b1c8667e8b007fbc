import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../../embedded/ports.ts'
import { endedWithParent } from '../../embedded/ended-with-parent.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import type { Bench } from '../bench.ts'

/** A Redis that keeps what it took (appendfsync always); undefined where redis-server is not installed. Answers its port. */
export async function benchRedis(bench: Bench): Promise<number | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    bench.say('no redis-server on PATH (Debian: apt-get install redis-server): BullMQ is left out')
    return undefined
  }
  const port = await freePort()
  // Its log is not rewritten in the background: that would fall into whatever is measured at the time.
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--auto-aof-rewrite-percentage', '0']
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', temporaryFolder(), ...durable]
  const child = spawn(...endedWithParent('TERM', 'redis-server', options), { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'close')
  bench.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  let said = ''
  while (!said.includes('Ready to accept connections')) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    said += chunk.toString()
  }
  child.stdout.resume()
  return port
}

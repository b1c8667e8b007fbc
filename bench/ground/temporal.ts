import { Client, Connection } from '@temporalio/client'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../embedded/ports.ts'
import { endedWithParent } from '../../embedded/ended-with-parent.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import type { Bench } from '../bench.ts'

export interface BenchTemporal {
  address: string
  client: Client
  /** Its database file, if it has one. */
  file: string | undefined
}

/** Temporal's dev server, in memory or with a database file, on free ports. */
export async function benchTemporal(bench: Bench, kept: 'memory' | 'file' = 'memory'): Promise<BenchTemporal> {
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const file = kept === 'file' ? join(temporaryFolder(), 'temporal.db') : undefined
  const store = file === undefined ? [] : ['--db-filename', file]
  const command = ['server', 'start-dev', '--headless', '--port', String(port), '--log-level', 'error', ...store]
  const child = spawn(...endedWithParent('TERM', await temporalCli(), command), { stdio: 'ignore' })
  const ended = once(child, 'close')
  bench.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const connection = Connection.lazy({ address })
  bench.after(() => connection.close())
  for (let tries = 0; ; tries += 1) {
    try {
      await connection.withDeadline(Date.now() + 1_000, () => connection.workflowService.getSystemInfo({}))
      return { address, client: new Client({ connection }), file }
    } catch (error) {
      if (tries > 100) throw error
      await wait(100)
    }
  }
}

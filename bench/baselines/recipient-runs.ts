import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../testing/servers/process.ts'
import { Bench } from '../bench.ts'
import { allCommitted, type BenchPostgres } from '../ground/postgres.ts'
import { recipients } from '../ground/reminders.ts'
import type { BenchTemporal } from '../ground/temporal.ts'

const workerFile = fileURLToPath(new URL('./recipient-worker.ts', import.meta.url))
const DEADLINE_MS = 180_000

/**
 * Temporal without Belay's shape: an activity or a child workflow for each recipient, all due `aheadMs` from now.
 * Milliseconds from due to the last row. Children that were not started by then are part of the figure.
 */
export async function recipientsOnce(
  shape: 'activityPerRecipient' | 'childPerRecipient',
  { temporal, postgres, count, key }: { temporal: BenchTemporal; postgres: BenchPostgres; count: number; key: string },
  aheadMs: number,
): Promise<number> {
  const bench = new Bench()
  try {
    const env = { TEMPORAL_ADDRESS: temporal.address, DATABASE_URL: postgres.url }
    const worker = runScript(workerFile, [], env)
    bench.after(async () => {
      worker.kill('SIGTERM')
      await worker.ended
    })
    await worker.says('recipient worker polls')
    const at = Date.now() + aheadMs
    const args = [{ recipients: recipients(count, key), at }]
    await temporal.client.workflow.start(shape, { workflowId: `bench/${key}`, taskQueue: 'bench-recipients', args })
    await wait(aheadMs)
    return (await allCommitted(postgres, key, count, DEADLINE_MS)) - at
  } finally {
    await bench.close()
  }
}

import { createPostgresBackend, Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../testing/servers/process.ts'
import { Bench } from '../bench.ts'
import { allCommitted, type BenchPostgres } from '../ground/postgres.ts'
import { recipients } from '../ground/reminders.ts'

const workerFile = fileURLToPath(new URL('./bullmq-worker.ts', import.meta.url))
/** Long enough to add all jobs before the first is due. */
const AHEAD_MS = 8_000
const DEADLINE_MS = 60_000

export interface BullmqRun {
  /** Where its jobs are kept: the port of a Redis, or the URL of a Postgres. */
  backend: number | string
  concurrency: number
  count: number
  key: string
  /** Absent: the jobs do nothing. */
  postgres?: BenchPostgres
}

/** Delayed jobs of one instant, added in one addBulk: milliseconds to add them, and from due to the last row or job. */
export async function bullmqOnce(run: BullmqRun): Promise<{ added: number; took: number }> {
  const bench = new Bench()
  try {
    return await measure(bench, run)
  } finally {
    await bench.close()
  }
}

async function measure(bench: Bench, { backend, concurrency, count, key, postgres }: BullmqRun) {
  const queue = openQueue(bench, key, backend)
  bench.after(() => queue.close())
  await queue.waitUntilReady()
  const worker = runScript(workerFile, [], {
    BACKEND: String(backend),
    QUEUE: key,
    CONCURRENCY: String(concurrency),
    DATABASE_URL: postgres?.url ?? '',
  })
  bench.after(async () => {
    worker.kill('SIGTERM')
    await worker.ended
  })
  await worker.says('bullmq worker polls')
  const at = Date.now() + AHEAD_MS
  const started = performance.now()
  const names = recipients(count, key)
  await queue.addBulk(
    names.map((recipient) => ({
      name: 'reminder',
      data: { recipient, invite: key },
      opts: { delay: at - Date.now(), removeOnComplete: false },
    })),
  )
  const added = performance.now() - started
  if (Date.now() > at) throw new Error('the jobs were due before all were added')
  await wait(at - Date.now())
  if (postgres !== undefined) return { added, took: (await allCommitted(postgres, key, count, DEADLINE_MS)) - at }
  while ((await queue.getCompletedCount()) < count) {
    if (Date.now() > at + DEADLINE_MS) throw new Error('BullMQ is not through after a minute')
    await wait(20)
  }
  return { added, took: Date.now() - at }
}

function openQueue(bench: Bench, key: string, backend: number | string) {
  if (typeof backend === 'string')
    return new Queue(key, { connection: { connectionString: backend, migrate: true } }, createPostgresBackend)
  const connection = new Redis({ host: '127.0.0.1', port: backend, maxRetriesPerRequest: null })
  bench.after(() => connection.disconnect())
  return new Queue(key, { connection })
}

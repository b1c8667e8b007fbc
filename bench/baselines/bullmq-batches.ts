import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import pLimit from 'p-limit'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../testing/servers/process.ts'
import { Bench } from '../bench.ts'
import { allCommitted, type BenchPostgres } from '../ground/postgres.ts'

const workerFile = fileURLToPath(new URL('./bullmq-batch-worker.ts', import.meta.url))
const DEADLINE_MS = 300_000
const CALLERS = 32

export interface BullmqBatches {
  port: number
  postgres: BenchPostgres
  concurrency: number
  key: string
  recipients: readonly string[]
  /** Activities of each recipient; the last of them completes the digest. */
  each: number
}

/**
 * Activities gathered by hand in sorted sets: milliseconds from adding the last of each recipient to the last row.
 */
export async function bullmqBatchesOnce(run: BullmqBatches): Promise<number> {
  const bench = new Bench()
  try {
    return await measure(bench, run)
  } finally {
    await bench.close()
  }
}

async function measure(bench: Bench, { port, postgres, concurrency, key, recipients, each }: BullmqBatches) {
  const connection = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null })
  bench.after(() => connection.disconnect())
  const queue = new Queue(key, { connection })
  bench.after(() => queue.close())
  const worker = runScript(workerFile, [], {
    REDIS_PORT: String(port),
    QUEUE: key,
    CONCURRENCY: String(concurrency),
    FULL: String(each),
    DATABASE_URL: postgres.url,
  })
  bench.after(async () => {
    worker.kill('SIGTERM')
    await worker.ended
  })
  await worker.says('bullmq worker polls')
  const add = (n: number) => queue.addBulk(recipients.map((recipient) => ({ name: 'comment', data: { recipient, n } })))
  let from: number
  if (recipients.length === 1) {
    const limit = pLimit(CALLERS)
    await Promise.all(Array.from({ length: each }, (_, n) => limit(() => add(n))))
    from = Date.now()
  } else {
    for (let n = 0; n < each - 1; n += 1) await add(n)
    from = Date.now()
    await add(each - 1)
  }
  return (await allCommitted(postgres, key, recipients.length, DEADLINE_MS)) - from
}

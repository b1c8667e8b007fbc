import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { once } from 'node:events'
import pg from 'pg'
import { writeMessageRow } from './message-row.ts'

/**
 * A BullMQ worker process that gathers by hand, as a product would: each job puts its activity into a sorted set of its
 * recipient, and the one that completes it writes the digest's row. REDIS_PORT, QUEUE, CONCURRENCY, FULL, DATABASE_URL.
 */
const { REDIS_PORT, QUEUE, CONCURRENCY, FULL, DATABASE_URL } = process.env
const concurrency = Number(CONCURRENCY)
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Math.min(concurrency, 20) })
const connection = new Redis({ host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null })
const sets = new Redis({ host: '127.0.0.1', port: Number(REDIS_PORT) })
const worker = new Worker<{ recipient: string; n: number }>(
  QUEUE!,
  async ({ id, data: { recipient, n } }) => {
    const set = `${QUEUE}:${recipient}`
    const answers = await sets.multi().zadd(set, String(n), String(id)).zcard(set).exec()
    if (answers?.[1]?.[1] !== Number(FULL)) return
    const activities = await sets.zrange(set, '0', '9')
    await writeMessageRow(pool, recipient, activities.join())
    await sets.del(set)
  },
  { connection, concurrency },
)
await worker.waitUntilReady()
console.log('bullmq worker polls')
await once(process, 'SIGTERM')
await worker.close()
sets.disconnect()
await pool.end()
process.exit()

import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { once } from 'node:events'
import pg from 'pg'
import { writeMessageRow } from './message-row.ts'

/** A BullMQ worker process: REDIS_PORT, QUEUE, CONCURRENCY; with DATABASE_URL each job writes its message row. */
const { REDIS_PORT, QUEUE, CONCURRENCY, DATABASE_URL } = process.env
const concurrency = Number(CONCURRENCY)
const pool = DATABASE_URL ? new pg.Pool({ connectionString: DATABASE_URL, max: Math.min(concurrency, 20) }) : undefined
const connection = new Redis({ host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null })
const worker = new Worker<{ recipient: string; invite: string }>(
  QUEUE!,
  async ({ data }) => {
    if (pool !== undefined) await writeMessageRow(pool, data.recipient, data.invite)
  },
  { connection, concurrency },
)
await worker.waitUntilReady()
console.log('bullmq worker polls')
await once(process, 'SIGTERM')
await worker.close()
await pool?.end()
process.exit()

import { createPostgresBackend, Worker, type Job } from 'bullmq'
import { Redis } from 'ioredis'
import { once } from 'node:events'
import pg from 'pg'
import { writeMessageRow } from './message-row.ts'

/**
 * A BullMQ worker process: QUEUE, CONCURRENCY, and BACKEND, the port of a Redis or the URL of a Postgres; with DATABASE_URL each
 * job writes its message row.
 */
const { BACKEND, QUEUE, CONCURRENCY, DATABASE_URL } = process.env
const concurrency = Number(CONCURRENCY)
const pool = DATABASE_URL ? new pg.Pool({ connectionString: DATABASE_URL, max: Math.min(concurrency, 20) }) : undefined
const work = async ({ data }: Job<{ recipient: string; invite: string }>) => {
  if (pool !== undefined) await writeMessageRow(pool, data.recipient, data.invite)
}
const worker = BACKEND!.startsWith('postgres')
  ? new Worker(QUEUE!, work, { connection: BACKEND!, concurrency }, createPostgresBackend)
  : new Worker(QUEUE!, work, { connection: redis(), concurrency })
await worker.waitUntilReady()
console.log('bullmq worker polls')
await once(process, 'SIGTERM')
await worker.close()
await pool?.end()
process.exit()

function redis(): Redis {
  return new Redis({ host: '127.0.0.1', port: Number(BACKEND), maxRetriesPerRequest: null })
}

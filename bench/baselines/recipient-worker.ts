import { NativeConnection, Worker } from '@temporalio/worker'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { writeMessageRow } from './message-row.ts'

/** A process that polls for bench/baselines/recipient-workflows.ts, with the SDK's own settings. */
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL']!, max: 20 })
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! })
const worker = await Worker.create({
  connection,
  taskQueue: 'bench-recipients',
  workflowsPath: fileURLToPath(new URL('./recipient-workflows.ts', import.meta.url)),
  activities: { writeRow: (recipient: string) => writeMessageRow(pool, recipient, 'invite') },
})
const stopped = worker.run()
console.log('recipient worker polls')
await once(process, 'SIGTERM')
if (worker.getState() === 'RUNNING') worker.shutdown()
await stopped
await connection.close()
await pool.end()

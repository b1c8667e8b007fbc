import { NativeConnection, Worker } from '@temporalio/worker'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process that polls for bench/baselines/raw-reminder.ts, with the SDK's own settings. */
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! })
const worker = await Worker.create({
  connection,
  taskQueue: process.env['RAW_QUEUE']!,
  workflowsPath: fileURLToPath(new URL('./raw-reminder.ts', import.meta.url)),
})
const stopped = worker.run()
console.log('raw worker polls')
await once(process, 'SIGTERM')
if (worker.getState() === 'RUNNING') worker.shutdown()
await stopped
await connection.close()

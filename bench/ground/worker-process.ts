import { NativeConnection, type WorkerOptions } from '@temporalio/worker'
import { once } from 'node:events'
import { createLog } from '../../settings/log.ts'
import { readSettings } from '../../settings/settings.ts'
import { openClock } from '../../store/clock/open-clock.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { startWorker } from '../../worker/worker.ts'

/** The worker process, but for options laid over worker/options.ts: BENCH_WORKER_OPTIONS, as JSON. */
const settings = readSettings()
const log = createLog(settings)
await installRuntime(log)
const options = JSON.parse(process.env['BENCH_WORKER_OPTIONS'] ?? '{}') as Partial<WorkerOptions>
const store = openPostgres(settings.DATABASE_URL!)
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! })
const clock = await openClock(store.db, log)
const worker = await startWorker({ settings, store, clock, connection, namespace: 'default', log, options })
console.log('worker polls')
await once(process, 'SIGTERM')
await worker.stop()
await connection.close()
await clock.close()
await store.close()

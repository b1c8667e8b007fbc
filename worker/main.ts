import { Client } from '@temporalio/client'
import { once } from 'node:events'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { untilStopped } from '../settings/stopping.ts'
import { openClock } from '../store/clock/open-clock.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres, patiently, requireSchema } from '../store/postgres/reachable.ts'
import { warnOfUnknownSettings } from '../settings/unknown-settings.ts'
import { keepReadyFile } from './ready-file.ts'
import { serveMetrics } from '../metrics/own-port.ts'
import { openScrape } from '../metrics/scrape.ts'
import { HealthFigures } from '../metrics/health-figures.ts'
import { startTracing } from '../metrics/tracing.ts'
import { installRuntime } from './runtime.ts'
import { connectWorker } from '../temporal/connect.ts'
import { startWorker } from './worker.ts'

const STORE_WAIT_MS = 60_000

/** The worker process: waits up to a minute for its store, polls until SIGTERM or SIGINT, then lets what is being sent end. */
async function main(): Promise<void> {
  const stopping = untilStopped({ onHangup: () => undefined })
  const { signal } = stopping
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined)
    throw new SettingsError('DATABASE_URL is needed: npm run worker has no store of its own')
  const log = createLog(settings)
  stopping.useLog(log)
  warnOfUnknownSettings(log)
  await installRuntime(log, settings)
  const endTracing = await startTracing(settings, 'belay-worker')
  const patience = { waitMs: STORE_WAIT_MS, log, signal }
  const store = await openReachablePostgres(settings.DATABASE_URL, { ...pooledBy(settings), log }, patience)
  await requireSchema(store, patience)
  const clock = await patiently(() => openClock(store.db, log), patience)
  const { connection, namespace } = await connectWorker(log, signal)
  const worker = await startWorker({ settings, store, clock, connection, namespace, log, patience })
  log.info({ namespace, taskQueue: settings.BELAY_TASK_QUEUE }, 'worker polls')
  const { BELAY_READY_FILE: file } = settings
  const client = new Client({ connection, namespace })
  const overdueMs = settings.BELAY_OVERDUE_SECONDS * 1_000
  const health = new HealthFigures({ db: store.db, now: clock.now, client, overdueMs })
  const metrics = await serveMetrics(settings, openScrape({ health, clock }))
  const ready = file === undefined ? undefined : keepReadyFile(file, () => worker.polls(), log)
  worker.stopped.catch((error: unknown) => stopping.fail(error, 'the worker failed'))
  if (!signal.aborted) await once(signal, 'abort')
  log.info('worker stops: what is being sent is finished first')
  ready?.stop()
  await metrics?.close()
  await health.close()
  await worker.stop().catch(() => undefined)
  await endTracing()
  await connection.close()
  await clock.close()
  await store.close()
  log.info('worker stopped')
  process.exit(stopping.exitCode())
}

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === 'AbortError') process.exit(0)
  console.error(error instanceof SettingsError ? error.message : error)
  process.exit(1)
})

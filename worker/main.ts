import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { openClock } from '../store/clock/open-clock.ts'
import { openPostgres } from '../store/postgres/database.ts'
import { warnOfUnread } from '../settings/unknown-settings.ts'
import { builtBundle } from './bundle.ts'
import { keepReadyFile } from './ready-file.ts'
import { installRuntime } from './runtime.ts'
import { connectWorker } from '../temporal/connect.ts'
import { startWorker } from './worker.ts'

/** The worker process: polls until SIGTERM or SIGINT, then lets what is being sent end. */
async function main(): Promise<void> {
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined)
    throw new SettingsError('DATABASE_URL is needed: npm run worker has no store of its own')
  const log = createLog(settings)
  warnOfUnread(log)
  installRuntime(log)
  const stop = new AbortController()
  // Each time: a second signal, as npm and terminals send one, must not end what is being drained.
  process.on('SIGTERM', () => stop.abort())
  process.on('SIGINT', () => stop.abort())

  const store = openPostgres(settings.DATABASE_URL, { log })
  const clock = await openClock(store.db, log)
  const { connection, namespace } = await connectWorker(log, stop.signal)
  const bundle = existsSync(builtBundle) ? { codePath: builtBundle } : undefined
  const worker = await startWorker({ settings, store, clock, connection, namespace, log, bundle })
  log.info({ namespace, taskQueue: settings.BELAY_TASK_QUEUE }, 'worker polls')
  const { BELAY_READY_FILE: file } = settings
  const ready = file === undefined ? undefined : keepReadyFile(file, () => worker.polls(), log)
  if (!stop.signal.aborted) await Promise.race([once(stop.signal, 'abort'), worker.stopped])
  log.info('worker stops: what is being sent is finished first')
  ready?.stop()
  await worker.stop()
  await connection.close()
  await clock.close()
  await store.close()
  log.info('worker stopped')
}

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === 'AbortError') return
  console.error(error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
})

import { loadClientConnectConfig } from '@temporalio/envconfig'
import { once } from 'node:events'
import { catalogAtStart } from '../definitions/at-start.ts'
import { folderReader } from '../definitions/read-catalog.ts'
import { DefinitionsError } from '../definitions/problem.ts'
import { startTracing } from '../metrics/tracing.ts'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { untilStopped } from '../settings/stopping.ts'
import { openClock } from '../store/clock/open-clock.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres, patiently, requireSchema } from '../store/postgres/reachable.ts'
import { openConnection } from '../temporal/connection.ts'
import { warnOfUnknownSettings } from '../settings/unknown-settings.ts'
import { listenEarly } from './http/front.ts'
import { startApi } from './http/server.ts'

const STORE_WAIT_MS = 60_000

/** The api process. It starts while Temporal is away, and waits up to a minute for its store. */
async function main(): Promise<void> {
  let reload = () => Promise.resolve()
  const stopping = untilStopped({ onHangup: () => void reload() })
  const { signal } = stopping
  const settings = readSettings()
  for (const name of ['DATABASE_URL', 'BELAY_SECRET_KEY', 'BELAY_PUBLIC_KEY'] as const) {
    if (settings[name] === undefined) throw new SettingsError(`${name} is needed by npm run api`)
  }
  const log = createLog(settings)
  stopping.useLog(log)
  warnOfUnknownSettings(log)

  const endTracing = await startTracing(settings, 'belay-api')
  const readFolder = folderReader(settings.BELAY_NOTIFICATIONS_DIR)
  const catalog = await catalogAtStart(readFolder)
  const server = await listenEarly(settings)
  const patience = { waitMs: STORE_WAIT_MS, log, signal }
  const store = await openReachablePostgres(settings.DATABASE_URL!, { ...pooledBy(settings), log }, patience)
  await requireSchema(store, patience)
  const clock = await patiently(() => openClock(store.db, log), patience)
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const temporal = openConnection(connectionOptions)
  const { connection, renew } = temporal
  const api = await startApi({
    settings,
    store,
    clock,
    connection,
    renew,
    namespace,
    catalog,
    readFolder,
    log,
    server,
    patience,
  })
  reload = () => api.reload()
  log.info({ url: api.url, namespace, definitions: [...catalog.definitions.keys()] }, 'api listens')
  if (!signal.aborted) await once(signal, 'abort')
  log.info('api stops: what was asked is answered first')
  await api.close()
  await endTracing()
  await temporal.close()
  await clock.close()
  await store.close()
  log.info('api stopped')
  process.exit(stopping.exitCode())
}

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === 'AbortError') process.exit(0)
  console.error(error instanceof SettingsError || error instanceof DefinitionsError ? error.message : error)
  process.exit(1)
})

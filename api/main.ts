import { Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { once } from 'node:events'
import { readCatalog } from '../definitions/read-catalog.ts'
import { DefinitionsError } from '../definitions/problem.ts'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { openClock } from '../store/clock/open-clock.ts'
import { openReachablePostgres } from '../store/recipient-runs/reachable.ts'
import { warnOfUnread } from '../settings/unknown-settings.ts'
import { startApi } from './http/server.ts'

/** The api process. It starts while Temporal is away; it does not while the store is. */
async function main(): Promise<void> {
  const settings = readSettings()
  for (const name of ['DATABASE_URL', 'BELAY_SECRET_KEY', 'BELAY_PUBLIC_KEY'] as const) {
    if (settings[name] === undefined) throw new SettingsError(`${name} is needed by npm run api`)
  }
  const log = createLog(settings)
  warnOfUnread(log)
  const stop = new AbortController()
  // Each time: a second signal, as npm and terminals send one, must not end what is being drained.
  process.on('SIGTERM', () => stop.abort())
  process.on('SIGINT', () => stop.abort())

  const catalog = await readCatalog(settings.BELAY_NOTIFICATIONS_DIR)
  const store = await openReachablePostgres(settings.DATABASE_URL!, { log })
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = Connection.lazy(connectionOptions)
  const clock = await openClock(store.db, log)
  const api = await startApi({ settings, store, clock, connection, namespace, catalog, log })
  log.info({ url: api.url, namespace, definitions: [...catalog.definitions.keys()] }, 'api listens')
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  log.info('api stops: what was asked is answered first')
  await api.close()
  await connection.close()
  await clock.close()
  await store.close()
  log.info('api stopped')
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError || error instanceof DefinitionsError ? error.message : error)
  process.exit(1)
})

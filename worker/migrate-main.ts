import { loadClientConnectConfig } from '@temporalio/envconfig'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres } from '../store/postgres/reachable.ts'
import { registerWithTemporal } from '../temporal/register.ts'
import { connectToTemporal } from './connect-to-temporal.ts'

/** `npm run migrate`: tables, search attributes, schedule. Safe to repeat; to be run before api and worker of a new version. */
async function main(): Promise<void> {
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined) throw new SettingsError('DATABASE_URL is needed: the store to migrate')
  const store = await openReachablePostgres(settings.DATABASE_URL, pooledBy(settings))
  await store.migrate()
  console.log('store: tables are up to date')
  const { connectionOptions, namespace } = loadClientConnectConfig()
  const connection = await connectToTemporal(connectionOptions)
  const log = createLog(settings)
  await registerWithTemporal({ connection, namespace: namespace ?? 'default', db: store.db, log, settings })
  await connection.close()
  await store.close()
  console.log(`Temporal: search attributes and schedule are there (namespace ${namespace ?? 'default'})`)
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
})

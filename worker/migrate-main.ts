import { loadClientConnectConfig } from '@temporalio/envconfig'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres } from '../store/postgres/reachable.ts'
import { registerWithTemporal } from '../temporal/register.ts'
import { connectToTemporal, requireNamespace } from './connect-to-temporal.ts'

/** `npm run migrate`: tables, search attributes, schedule. Safe to repeat; to be run before api and worker of a new version. */
async function main(): Promise<void> {
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined) throw new SettingsError('DATABASE_URL is needed: the store to migrate')
  const store = await openReachablePostgres(settings.DATABASE_URL, pooledBy(settings))
  await store.migrate()
  console.log('store: tables are up to date')
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = await connectToTemporal(connectionOptions)
  const log = createLog(settings)
  try {
    // A namespace that was just made is waited for.
    await registerWithTemporal({ connection, namespace, db: store.db, log, settings })
  } catch (error) {
    await requireNamespace(connection, namespace)
    throw error
  }
  await connection.close()
  await store.close()
  console.log(`Temporal: search attributes and schedule are there (namespace ${namespace})`)
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
})

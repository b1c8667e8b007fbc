import { Connection, type ConnectionOptions } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { openReachablePostgres } from '../store/postgres/reachable.ts'
import { registerWithTemporal } from '../temporal/register.ts'

/** `npm run migrate`: tables, search attributes, schedule. Safe to repeat; to be run before api and worker of a new version. */
async function main(): Promise<void> {
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined) throw new SettingsError('DATABASE_URL is needed: the store to migrate')
  const store = await openReachablePostgres(settings.DATABASE_URL)
  await store.migrate()
  await store.close()
  console.log('store: tables are up to date')
  const { connectionOptions, namespace } = loadClientConnectConfig()
  const connection = await connect(connectionOptions)
  await registerWithTemporal(connection, namespace ?? 'default', settings)
  await connection.close()
  console.log(`Temporal: search attributes and schedule are there (namespace ${namespace ?? 'default'})`)
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect(options)
  } catch (error) {
    const { address = '127.0.0.1:7233' } = options
    const reason = error instanceof Error ? error.message : String(error)
    throw new SettingsError(`TEMPORAL_ADDRESS: Temporal does not answer at ${address} (${reason})`, { cause: error })
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
})

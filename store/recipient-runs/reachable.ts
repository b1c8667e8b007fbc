import { SettingsError } from '../../settings/settings.ts'
import { openPostgres, type PoolOptions, type Store } from '../postgres/database.ts'

/** Postgres, once it has answered. Throws a SettingsError that names DATABASE_URL, and not the password in it. */
export async function openReachablePostgres(url: string, options?: PoolOptions): Promise<Store> {
  const store = openPostgres(url, options)
  try {
    await store.ping()
    return store
  } catch (error) {
    await store.close()
    throw new SettingsError(`DATABASE_URL: the database does not answer (${reasonOf(error)})`, { cause: error })
  }
}

/** A host with several addresses fails once for each, in an error without words. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join(', ')
  return error instanceof Error ? error.message : String(error)
}

import { pino } from 'pino'
import type { Settings } from '../../settings/settings.ts'
import { openClock } from '../../store/clock/open-clock.ts'
import { openPglite, type Store } from '../../store/postgres/database.ts'
import { pooledBy } from '../../store/postgres/pooled.ts'
import { openReachablePostgres, requireSchema } from '../../store/postgres/reachable.ts'
import { openDataFolder, type DataFolder } from '../data-folder.ts'
import { FolderInUseError } from '../folder-lock.ts'
import { readKeys } from './kept-keys.ts'
import { keysOfApi, keysOfStore, type KeyStore } from './key-store.ts'

/**
 * The store that DATABASE_URL names, else the one in BELAY_DATA_DIR: by itself, or through the `npm start` that has it at
 * this moment. Throws SettingsError and StartError.
 */
export async function openKeys(settings: Settings): Promise<KeyStore> {
  const { DATABASE_URL, BELAY_DATA_DIR } = settings
  if (DATABASE_URL !== undefined) {
    const store = await openReachablePostgres(DATABASE_URL, pooledBy(settings))
    await requireSchema(store)
    return withClock(store)
  }
  let folder: DataFolder
  try {
    folder = await openDataFolder(BELAY_DATA_DIR)
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error
    return keysOfApi(urlOf(settings), readKeys(error.folder, settings).secretKey)
  }
  const store = await openPglite(folder.postgres)
  await store.migrate()
  return withClock(store, () => folder.release())
}

async function withClock(store: Store, release = () => Promise.resolve()): Promise<KeyStore> {
  const clock = await openClock(store.db, pino({ level: 'silent' }))
  return keysOfStore(store, clock.now, async () => {
    await clock.close()
    await store.close()
    await release()
  })
}

/** Where this host reaches it: an address of all interfaces is none to call. */
function urlOf({ HOST, PORT }: Settings): string {
  const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST === '::' ? '[::1]' : HOST.includes(':') ? `[${HOST}]` : HOST
  return `http://${host}:${PORT}`
}

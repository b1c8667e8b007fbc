import { setTimeout as delay } from 'node:timers/promises'
import type { Settings } from '../../settings/settings.ts'
import { keyHash, usableApiKeys } from '../../store/api-keys/api-keys.ts'
import type { Database } from '../../store/postgres/database.ts'
import type { FindKey } from './auth.ts'
import { settingKeys } from './setting-keys.ts'

/** A key that was revoked is let in for so long at most, in every api. */
const FRESH_MS = 2_000
/** While the store cannot be asked, keys read before are let in for so long. */
const STALE_MS = 10_000
/** Between two readings at least: whoever comes with a key that is not known waits for the next. */
const BETWEEN_MS = 100

interface Usable {
  keys: Awaited<ReturnType<typeof usableApiKeys>>
  readAt: number
}

/**
 * Finds the settings' keys without the store, and those of the store in memory, which is read anew when a request comes
 * and it is two seconds old, or does not hold the key: so a new key is never refused, and ten readings a second are the
 * most, whatever is asked. Rejects with a StoreError while neither store nor memory can say whether a key is one.
 */
export function keyFinder(settings: Pick<Settings, 'BELAY_SECRET_KEY' | 'BELAY_PUBLIC_KEY'>, db: Database): FindKey {
  const ofSettings = settingKeys(settings)
  let usable: Usable | undefined
  let next: Promise<Usable> | undefined
  let running: Promise<unknown> = Promise.resolve()
  let begunAt = -Infinity
  const ageOf = (read: Usable) => performance.now() - read.readAt

  /** A reading that begins after the call; all who ask before it begins share it. */
  const readAnew = (): Promise<Usable> => (next ??= read())
  const read = async (): Promise<Usable> => {
    await Promise.all([running, delay(Math.max(begunAt + BETWEEN_MS - performance.now(), 0))])
    next = undefined
    const readAt = performance.now()
    begunAt = readAt
    const reading = usableApiKeys(db)
    running = reading.catch(() => undefined)
    const keys = await reading
    return (usable = { keys, readAt })
  }
  const fresh = async (): Promise<Usable> => {
    if (usable !== undefined && ageOf(usable) <= FRESH_MS) return usable
    try {
      return await readAnew()
    } catch (error) {
      if (usable === undefined || ageOf(usable) > STALE_MS) throw error
      return usable
    }
  }

  return async (given) => {
    const own = ofSettings(given)
    if (own !== undefined || !given.startsWith('sk_')) return own
    const hash = keyHash(given)
    const askedAt = performance.now()
    const known = await fresh()
    const found = known.keys.get(hash) ?? (known.readAt < askedAt ? (await readAnew()).keys.get(hash) : undefined)
    return found === undefined ? undefined : { kind: 'secret', id: `api key ${found.name}`, ...found }
  }
}

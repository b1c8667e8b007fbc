import { createHash, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Settings } from '../../settings/settings.ts'
import type { KnownKey } from './auth.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Tells a key from others without telling it: 128 bits of scrypt, the same at every start, so that an Idempotency-Key of
 * one key stays its own. It takes some 50 ms: once a start, never for what a caller sent.
 */
export function apiKeyId(key: string): string {
  return scryptSync(key, 'belay api key', 16, { N: 16_384, r: 8, p: 1 }).toString('hex')
}

/** Finds the keys of the settings, named as their variables are. Compared as digests, in constant time. */
export function settingKeys(
  settings: Pick<Settings, 'BELAY_SECRET_KEY' | 'BELAY_PUBLIC_KEY'>,
): (given: string) => KnownKey | undefined {
  const names = [
    { kind: 'secret', name: 'BELAY_SECRET_KEY' },
    { kind: 'public', name: 'BELAY_PUBLIC_KEY' },
  ] as const
  const known = names.flatMap(({ kind, name }) => {
    const key = settings[name]
    if (key === undefined) return []
    const scopes: KnownKey['scopes'] = new Set(kind === 'secret' ? ['admin'] : [])
    return [{ digest: digest(key), key: { kind, name, scopes, id: apiKeyId(key) } }]
  })
  return (given) => {
    const asked = digest(given)
    return known.find((each) => timingSafeEqual(asked, each.digest))?.key
  }
}

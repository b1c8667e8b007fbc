import type { NextFunction, Request, Response } from 'express'
import { createHash, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Settings } from '../../settings/settings.ts'
import { ApiError } from './errors.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Names a key in records without telling it: 128 bits of scrypt, the same at every start, so that records of one key are
 * seen to be of one. It takes some 50 ms: once a start, never for what a caller sent.
 */
export function apiKeyId(key: string): string {
  return scryptSync(key, 'belay api key', 16, { N: 16_384, r: 8, p: 1 }).toString('hex')
}

/** The key a request came with. `id` names it in records without telling it. */
export interface KnownKey {
  kind: 'secret' | 'public'
  id: string
}

/** Finds the key in `Bearer sk_...`; undefined if it is none of ours. Compared as digests, in constant time. */
export type FindKey = (given: string) => KnownKey | undefined

export function keyFinder(settings: Pick<Settings, 'BELAY_SECRET_KEY' | 'BELAY_PUBLIC_KEY'>): FindKey {
  const known = [
    { kind: 'secret' as const, key: settings.BELAY_SECRET_KEY },
    { kind: 'public' as const, key: settings.BELAY_PUBLIC_KEY },
  ].flatMap(({ kind, key }) => (key === undefined ? [] : [{ kind, id: apiKeyId(key), digest: digest(key) }]))
  return (given) => {
    const asked = digest(given)
    const found = known.find((each) => timingSafeEqual(asked, each.digest))
    return found === undefined ? undefined : { kind: found.kind, id: found.id }
  }
}

/** Before it is known what is called: whoever has no key learns nothing of the paths there are. Preflights bear none. */
export function authenticate(findKey: FindKey) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (request.method === 'OPTIONS') {
      next()
      return
    }
    const given = /^Bearer\s+(\S+)\s*$/i.exec(request.get('authorization') ?? '')?.[1]
    if (given === undefined) throw new ApiError('api_key_missing')
    const key = findKey(given)
    if (key === undefined) throw new ApiError('api_key_invalid')
    response.locals['key'] = key
    next()
  }
}

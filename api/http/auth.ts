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

/** Lets the secret key in. Keys are compared as digests, in constant time. */
export function authenticate(settings: Pick<Settings, 'BELAY_SECRET_KEY' | 'BELAY_PUBLIC_KEY'>) {
  const secret = settings.BELAY_SECRET_KEY === undefined ? undefined : digest(settings.BELAY_SECRET_KEY)
  const publicKey = settings.BELAY_PUBLIC_KEY === undefined ? undefined : digest(settings.BELAY_PUBLIC_KEY)
  const id = settings.BELAY_SECRET_KEY === undefined ? '' : apiKeyId(settings.BELAY_SECRET_KEY)
  return (request: Request, response: Response, next: NextFunction): void => {
    const given = /^Bearer\s+(\S+)\s*$/i.exec(request.get('authorization') ?? '')?.[1]
    if (given === undefined) throw new ApiError('api_key_missing')
    const key = digest(given)
    if (secret !== undefined && timingSafeEqual(key, secret)) {
      response.locals['apiKey'] = id
      next()
      return
    }
    const known = publicKey !== undefined && timingSafeEqual(key, publicKey)
    throw new ApiError(known ? 'incorrect_token_type' : 'api_key_invalid')
  }
}

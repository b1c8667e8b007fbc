import type { NextFunction, Request, Response } from 'express'
import type { Scope } from '../../store/api-keys/scopes.ts'
import { ApiError } from './errors.ts'

/** The key a request came with. */
export interface KnownKey {
  kind: 'secret' | 'public'
  /** Tells it from every other key there is or was, without telling it. */
  id: string
  /** Stands in records of what was done with it. */
  name: string
  /** Of a secret key: what it may do. */
  scopes: ReadonlySet<Scope>
}

/** Finds the key of `Bearer sk_...`; undefined if it is none of ours. */
export type FindKey = (given: string) => Promise<KnownKey | undefined>

/** Before it is known what is called: whoever has no key learns nothing of the paths there are. Preflights bear none. */
export function authenticate(findKey: FindKey) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (request.method === 'OPTIONS') {
      next()
      return
    }
    const given = /^Bearer\s+(\S+)\s*$/i.exec(request.get('authorization') ?? '')?.[1]
    if (given === undefined) throw new ApiError('api_key_missing')
    const key = await findKey(given)
    if (key === undefined) throw new ApiError('api_key_invalid')
    response.locals['key'] = key
    next()
  }
}

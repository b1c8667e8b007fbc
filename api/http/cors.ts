import type { NextFunction, Request, Response } from 'express'
import type { Settings } from '../../settings/settings.ts'

/** What a page may read of an answer besides its body. */
const EXPOSED = [
  'x-request-id',
  'belay-warning',
  'retry-after',
  'idempotent-replayed',
  'original-x-request-id',
  'x-ratelimited-message_ids',
].join(', ')
const METHODS = 'GET, PUT, POST, DELETE, OPTIONS'
/** What Knock's browser clients send, for a preflight that names nothing. */
const HEADERS = 'authorization, content-type, x-knock-user-token, x-knock-client, x-knock-branch'
/** Names of headers as a preflight lists them; no more than a browser would. */
const NAMES = /^[\w!#$%&'*+.^`|~-]{1,64}(\s*,\s*[\w!#$%&'*+.^`|~-]{1,64}){0,49}$/
/** As long as any browser keeps it. */
const MAX_AGE_S = '7200'

/**
 * Lets pages of BELAY_CORS_ORIGINS call, before anybody is asked for a key: a preflight bears none. Whatever headers a
 * page wants to send it may, since what is not known is not read, and no cookie is. A page of another origin gets the
 * same answers without these headers, so that its browser keeps them from it.
 */
export function cors({ BELAY_CORS_ORIGINS: origins }: Pick<Settings, 'BELAY_CORS_ORIGINS'>) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (origins !== '*') response.vary('Origin')
    const origin = request.get('origin')
    const isPreflight =
      request.method === 'OPTIONS' && request.get('access-control-request-method') !== undefined && origin !== undefined
    if (origins === '*' || (origin !== undefined && origins.has(origin))) {
      response.setHeader('access-control-allow-origin', origins === '*' ? '*' : origin!)
      response.setHeader('access-control-expose-headers', EXPOSED)
      response.setHeader('cross-origin-resource-policy', 'cross-origin')
      if (isPreflight) {
        const wanted = request.get('access-control-request-headers') ?? ''
        response.setHeader('access-control-allow-methods', METHODS)
        response.setHeader('access-control-allow-headers', NAMES.test(wanted) ? wanted : HEADERS)
        response.setHeader('access-control-max-age', MAX_AGE_S)
      }
    }
    if (isPreflight) response.status(204).end()
    else next()
  }
}

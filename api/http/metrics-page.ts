import { Router } from 'express'
import { CONTENT_TYPE } from '../../metrics/scrape.ts'
import { authenticate, type KnownKey } from './auth.ts'
import type { Deps } from './deps.ts'
import { ApiError } from './errors.ts'

/** `/metrics` on the API's own port: for the secret key alone, since it tells of load and faults. */
export function metricsPage({ scrape, findKey }: Pick<Deps, 'scrape' | 'findKey'>): Router {
  const router = Router()
  router.get('/metrics', authenticate(findKey), async (_request, response) => {
    if ((response.locals['key'] as KnownKey).kind !== 'secret') throw new ApiError('incorrect_token_type')
    response.type(CONTENT_TYPE).send(await scrape())
  })
  return router
}

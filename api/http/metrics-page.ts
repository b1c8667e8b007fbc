import { Router } from 'express'
import { CONTENT_TYPE } from '../../metrics/scrape.ts'
import { authenticate, type KnownKey } from './auth.ts'
import { withScope } from './authorize.ts'
import type { Deps } from './deps.ts'
import { ApiError } from './errors.ts'

/** `/metrics` on the API's own port: for secret keys that may read, since it tells of load and faults. */
export function metricsPage({ scrape, findKey }: Pick<Deps, 'scrape' | 'findKey'>): Router {
  const router = Router()
  router.get('/metrics', authenticate(findKey), async (_request, response) => {
    const key = response.locals['key'] as KnownKey
    if (key.kind !== 'secret') throw new ApiError('incorrect_token_type')
    withScope(key, { scope: 'read' })
    response.type(CONTENT_TYPE).send(await scrape())
  })
  return router
}

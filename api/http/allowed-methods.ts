import type { RequestHandler } from 'express'
import { ApiError } from './errors.ts'
import type { Route } from './route.ts'

const HEALTH = ['/healthz', '/readyz', '/openapi.json']

/** After the routes: 405 with `Allow` where the path is one under another method; the path of no route goes on. */
export function allowedMethods(routes: readonly Route[]): RequestHandler {
  const paths = [...HEALTH.map((path) => ({ path, method: 'get' as const })), ...routes].map(({ path, method }) => ({
    method,
    pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`, 'i'),
  }))
  return (request, response, next) => {
    const methods = new Set(
      paths.filter(({ pattern }) => pattern.test(request.path)).map(({ method }) => method.toUpperCase()),
    )
    if (methods.size === 0) {
      next()
      return
    }
    if (methods.has('GET')) methods.add('HEAD')
    methods.add('OPTIONS')
    response.setHeader('allow', [...methods].sort().join(', '))
    if (request.method === 'OPTIONS') {
      response.status(204).end()
      return
    }
    throw new ApiError('method_not_allowed', { message: `This path takes ${[...methods].sort().join(', ')}` })
  }
}

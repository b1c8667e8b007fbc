import type { RequestHandler } from 'express'
import { ApiError } from './errors.ts'
import type { Route } from './route.ts'

/** Those that are no routes of the table. */
const OTHERS = [
  ...['/', '/home.css', '/home.js', '/docs', '/docs/style.css', '/openapi.json'],
  ...['/healthz', '/readyz', '/metrics'],
].map((path) => ({ path, method: 'get' }))
const REPORTS = { path: '/v1/channels/:channel/events', method: 'post' }

interface Path {
  pattern: RegExp
  /** Parts that are names: of two paths that match, the one with fewer is meant. */
  names: number
  methods: Set<string>
}

/**
 * Before the routes: 405 with `Allow` where the path is one under another method. A path that a name could stand for, too
 * (`/messages/batch/seen` beside `/messages/:id/seen`), has its own methods only. The path of no route goes on.
 */
export function allowedMethods(routes: readonly Route[]): RequestHandler {
  const paths = pathsOf([...OTHERS, REPORTS, ...routes])
  return (request, response, next) => {
    const methods = paths.find(({ pattern }) => pattern.test(request.path))?.methods
    if (methods === undefined || (methods.has(request.method) && request.method !== 'OPTIONS')) {
      next()
      return
    }
    const list = [...methods].sort().join(', ')
    response.setHeader('allow', list)
    if (request.method === 'OPTIONS') {
      response.status(204).end()
      return
    }
    throw new ApiError('method_not_allowed', { message: `This path takes ${list}` })
  }
}

/** Those with the fewest names first. */
function pathsOf(routes: readonly { path: string; method: string }[]): Path[] {
  const paths = new Map<string, Path>()
  for (const { path, method } of routes) {
    // Of paths in the table: a name is anything up to the next slash.
    // eslint-disable-next-line belay/linear-regex -- made of no caller's text
    const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`, 'i')
    const names = path.split(':').length - 1
    const found = paths.get(pattern.source) ?? { pattern, names, methods: new Set(['OPTIONS']) }
    found.methods.add(method.toUpperCase())
    if (method === 'get') found.methods.add('HEAD')
    paths.set(pattern.source, found)
  }
  return [...paths.values()].sort((a, b) => a.names - b.names)
}

import type { RequestHandler } from 'express'
import { ApiError } from './errors.ts'
import { knockOperations } from './knock-operations.ts'
import type { Route } from './route.ts'

interface Operation {
  method: string
  pattern: RegExp
  /** Parts that are names: of two paths that match, the one with fewer is meant. */
  names: number
  feature: string
}

/**
 * Answers `not_implemented`, naming the feature, for whatever Knock serves and these routes do not: a client must not take
 * it for a thing that is missing. What a route takes goes on, and so does a path that is a route's under another method.
 */
export function notImplemented(routes: readonly Route[]): RequestHandler {
  const served = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: patternOf(path),
    names: namesIn(path),
  }))
  const unserved = operationsWithout(routes)
  return ({ method, path }, _response, next) => {
    const found = unserved.find((each) => each.method === method && each.pattern.test(path))
    const isServed = (each: (typeof served)[number], names: number) =>
      each.pattern.test(path) && (each.method === method || each.names < names)
    if (found === undefined || served.some((each) => isServed(each, found.names))) {
      next()
      return
    }
    throw new ApiError('not_implemented', {
      message: `Belay does not serve this part of Knock's API: ${found.feature}`,
    })
  }
}

function operationsWithout(routes: readonly Route[]): Operation[] {
  const routed = new Set(routes.map(({ method, path }) => `${method} ${shapeOf(path)}`))
  return Object.entries(knockOperations).flatMap(([feature, operations]) =>
    operations.flatMap((operation): Operation[] => {
      const [method, path] = operation.split(' ') as [string, string]
      if (routed.has(`${method} ${shapeOf(path)}`)) return []
      return [{ method: method.toUpperCase(), pattern: patternOf(path), names: namesIn(path), feature }]
    }),
  )
}

const namesIn = (path: string) => path.split(':').length - 1
/** Names of parameters are each side's own. */
const shapeOf = (path: string) => path.replace(/:\w+/g, ':')
// eslint-disable-next-line belay/linear-regex -- made of no caller's text
const patternOf = (path: string) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`, 'i')

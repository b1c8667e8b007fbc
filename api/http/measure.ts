import type { NextFunction, Request, Response } from 'express'
import { httpRequests, httpSeconds } from '../../metrics/counted.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counts each request by the pattern of its route, and by `none` where none took it: a path could hold anything. */
export function measure(request: Request, response: Response, next: NextFunction): void {
  const began = performance.now()
  response.once('close', () => {
    const method = METHODS.has(request.method) ? request.method : 'other'
    const route = patternOf(request)
    // Who left before there was an answer, as nginx has it.
    const code = response.headersSent ? response.statusCode : 499
    httpRequests.inc({ method, route, code })
    httpSeconds.observe({ method, route }, (performance.now() - began) / 1_000)
  })
  next()
}

/** The pattern of the route that took a request; `none` where none did, or none has yet. */
export function patternOf(request: Request): string {
  const { path } = (request.route ?? {}) as { path?: unknown }
  return typeof path === 'string' ? path : 'none'
}

import type { NextFunction, Request, Response } from 'express'
import type { TracedWork } from '../../metrics/traced-work.ts'
import { traceWork } from '../../metrics/tracing.ts'
import { patternOf } from './measure.ts'

/** Traces each call of the API, as a part of its caller's trace where it names one. */
export function traceRequests(request: Request, response: Response, next: NextFunction): void {
  const work = request.path.startsWith('/v1/')
    ? traceWork(request.method, 'server', request.get('traceparent'), { 'http.request.method': request.method })
    : undefined
  if (work !== undefined) {
    response.locals['trace'] = work
    response.once('close', () => {
      const route = patternOf(request)
      work.rename(`${request.method} ${route}`)
      work.add({ 'http.route': route, 'http.response.status_code': response.statusCode })
      work.end(response.statusCode >= 500 ? String(response.statusCode) : undefined)
    })
  }
  next()
}

/** What traces this request, if anything does. */
export function traceOf(response: Response): TracedWork | undefined {
  return response.locals['trace'] as TracedWork | undefined
}

import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { EngineError } from '../../engine/errors.ts'
import { StoreError } from '../../store/postgres/store-error.ts'
import { ProfileTooLargeError } from '../../store/profiles/too-large.ts'
import { bodyError } from './body-error.ts'
import { ApiError, invalid, ofEngineError } from './errors.ts'

/** Turns whatever was thrown into one answer of the table in errors.ts. */
export function answerError(log: Logger): ErrorRequestHandler {
  const refused = linesOfRefused(log)
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const requestId = request.id as string
    const answer = toApiError(error)
    if (answer.code === 'overloaded' || answer.code === 'store_unavailable') refused(answer.code)
    else if (answer.status >= 500) log.error({ err: error, requestId, code: answer.code }, 'request failed')
    if (answer.status === 401) response.setHeader('www-authenticate', challenge(answer))
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', String(answer.retryAfter))
    // No charset: old Go clients compare the content type exactly.
    response.status(answer.status).setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer.toBody(requestId)))
  }
}

const REFUSED_LINE_MS = 10_000

/** The first at once, then how many, every ten seconds at most: under load one line each would be the heaviest part of it. */
function linesOfRefused(log: Logger): (code: string) => void {
  let loggedAt = -Infinity
  let counts: Record<string, number> = {}
  return (code) => {
    counts[code] = (counts[code] ?? 0) + 1
    if (performance.now() - loggedAt < REFUSED_LINE_MS) return
    log.warn({ refused: counts }, 'requests were answered 503')
    loggedAt = performance.now()
    counts = {}
  }
}

function challenge({ code }: ApiError): string {
  if (code === 'report_refused') return 'Basic realm="reports"'
  return code === 'api_key_missing' ? 'Bearer realm="belay"' : 'Bearer realm="belay", error="invalid_token"'
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof EngineError) return ofEngineError(error)
  if (error instanceof ProfileTooLargeError) return invalid(error.field, error.message, 'length')
  const unread = bodyError(error)
  if (unread !== undefined) return unread
  if (isBadPath(error)) return new ApiError('resource_missing', { cause: error })
  if (error instanceof StoreError) return ofStore(error)
  return new ApiError('internal_error', { cause: error })
}

function isBadPath(error: unknown): boolean {
  return error instanceof URIError
}

/** What the store cannot take at this moment may be asked again; what it refuses for good is a fault of ours. */
function ofStore(error: StoreError): ApiError {
  if (error.fault === 'unavailable') return new ApiError('store_unavailable', { retryAfter: 2, cause: error })
  if (error.fault === 'busy' || error.fault === 'conflict')
    return new ApiError('overloaded', { retryAfter: 1, cause: error })
  return new ApiError('internal_error', { cause: error })
}

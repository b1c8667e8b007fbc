import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { sqlState } from '../../store/postgres/database.ts'
import { PropertiesTooLargeError } from '../../store/profiles/properties.ts'
import { bodyError } from './body-error.ts'
import { ApiError, invalid } from './errors.ts'

/** Turns whatever was thrown into one answer of the table in errors.ts. */
export function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const requestId = request.id as string
    const answer = toApiError(error)
    if (answer.status >= 500) log.error({ err: error, requestId, code: answer.code }, 'request failed')
    if (answer.retryAfter !== undefined) response.setHeader('retry-after', String(answer.retryAfter))
    // No charset: old Go clients compare the content type exactly.
    response.status(answer.status).setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer.toBody(requestId)))
  }
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof PropertiesTooLargeError) return invalid('properties', error.message, 'length')
  const unread = bodyError(error)
  if (unread !== undefined) return unread
  if (isBadPath(error)) return new ApiError('resource_missing', { cause: error })
  const state = sqlState(error)
  if (state === '55P03' || state === '57014' || state === '53300') {
    return new ApiError('overloaded', { retryAfter: 1, cause: error })
  }
  // Class 57P and 08: the server is going away, starting, or gone.
  if (isConnectionError(error) || state?.startsWith('57P') || state?.startsWith('08')) {
    return new ApiError('store_unavailable', { retryAfter: 2, cause: error })
  }
  return new ApiError('internal_error', { cause: error })
}

function isBadPath(error: unknown): boolean {
  return error instanceof URIError
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])
const CONNECTION_WORDS =
  /timeout exceeded when trying to connect|Connection terminated|Cannot use a pool after calling end|PGlite is (closed|closing)|Client has encountered/i

function isConnectionError(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as Error & { code?: unknown }
    if (typeof code === 'string' && CONNECTION_CODES.has(code)) return true
    if (CONNECTION_WORDS.test(cause.message)) return true
  }
  return false
}

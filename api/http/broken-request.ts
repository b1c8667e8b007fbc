import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerBare } from './bare-answer.ts'
import { ApiError, type ErrorCode } from './errors.ts'

const UNENCODED = 'The URL holds a character that must be percent-encoded, as %C3%B6 for ö and %20 for a blank'

type Broken = Error & { code?: string }

const CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** Answers what never became a request (broken HTTP, headers too large, too slow) as any other error, and ends the connection. */
export function answerBroken(error: Broken, socket: Duplex): void {
  const { _httpMessage: response } = socket as Duplex & { _httpMessage?: ServerResponse }
  const message = error.code === 'HPE_INVALID_URL' ? UNENCODED : undefined
  if (!socket.writable || error.code === 'ECONNRESET' || response?.headersSent === true) socket.destroy()
  else answerBare(socket, new ApiError(CODES[error.code ?? ''] ?? 'malformed_request', { message }))
}

/** CONNECT asks for a tunnel; without an answer of ours its connection would just end. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => undefined)
  answerBare(socket, new ApiError('malformed_request', { message: 'CONNECT is for proxies: there is none here' }))
}

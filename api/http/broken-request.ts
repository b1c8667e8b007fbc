import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerBare } from './bare-answer.ts'
import { ApiError, type ErrorCode } from './errors.ts'
import { Pipeline } from './pipeline.ts'

const UNENCODED = 'The URL holds a character that must be percent-encoded, as %C3%B6 for ö and %20 for a blank'

type Broken = Error & { code?: string }

const CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/**
 * Answers what never became a request (broken HTTP, headers too large, too slow) as any other error, and ends the connection;
 * once the requests before it are answered, which may have been carried out.
 */
export function answerBroken(error: Broken, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const pipeline = Pipeline.of(socket)
  const { incomplete } = pipeline
  const message = error.code === 'HPE_INVALID_URL' ? UNENCODED : undefined
  pipeline.afterAnswers(() => {
    // The last answer may have said that it is the last.
    if (!socket.writable) return
    if (incomplete?.headersSent === true) socket.destroy()
    else answerBare(socket, new ApiError(CODES[error.code ?? ''] ?? 'malformed_request', { message }))
  })
}

/** CONNECT asks for a tunnel; without an answer of ours its connection would just end. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => undefined)
  const error = new ApiError('malformed_request', { message: 'CONNECT is for proxies: there is none here' })
  Pipeline.of(socket).takeOver(() => answerBare(socket, error))
}

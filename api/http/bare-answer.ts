import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ApiError } from './errors.ts'

/** Answers where there is no response to write to, as any other error, in one packet, and ends the connection. */
export function answerBare(socket: Duplex, error: ApiError, headers: Record<string, string> = {}): void {
  const requestId = randomUUID()
  const body = JSON.stringify(error.toBody(requestId))
  const all = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(error.retryAfter !== undefined && { 'Retry-After': String(error.retryAfter) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`)
  socket.once('finish', () => socket.destroy())
}

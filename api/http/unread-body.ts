import type { RequestHandler } from 'express'

const LINGER_MS = 5_000

/**
 * A request that was answered before it was all there (too large, not let in) may go on sending for a little, so that its
 * sender reads the answer rather than a reset; then its connection is ended.
 */
export const endUnreadBodies: RequestHandler = (request, response, next) => {
  response.once('finish', () => {
    if (request.complete) return
    const timer = setTimeout(() => request.socket.destroy(), LINGER_MS).unref()
    request.once('close', () => clearTimeout(timer))
    request.once('end', () => clearTimeout(timer))
  })
  next()
}

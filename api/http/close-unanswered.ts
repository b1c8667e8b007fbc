import type { NextFunction, Request, Response } from 'express'
import type { Socket } from 'node:net'

const unanswered = new WeakMap<Socket, Set<Response>>()

/**
 * Lets every response say `close` when its connection ends. Node says it to the one whose turn it is alone: requests that
 * were pipelined behind it would count as under way for ever.
 */
export function closeUnanswered({ socket }: Request, response: Response, next: NextFunction): void {
  const open = unanswered.get(socket) ?? watch(socket)
  open.add(response)
  response.once('close', () => open.delete(response))
  next()
}

/** Whether nothing more of it reaches anybody. `closed` alone is never true of a response whose turn did not come. */
export function isOver(response: Response): boolean {
  return response.closed || response.req.socket.destroyed
}

function watch(socket: Socket): Set<Response> {
  const open = new Set<Response>()
  unanswered.set(socket, open)
  // After Node has told the one whose turn it is, so that none is told twice.
  socket.once('close', () => process.nextTick(() => open.forEach((response) => response.emit('close'))))
  return open
}

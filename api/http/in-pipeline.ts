import type { NextFunction, Request, Response } from 'express'
import { Pipeline } from './pipeline.ts'

/** Bounds how many requests of one connection are under way, and lets every response say `close` when it ends. */
export function inPipeline({ socket }: Request, response: Response, next: NextFunction): void {
  Pipeline.of(socket).enter(response, next)
}

/** Whether nothing more of it reaches anybody. `closed` alone is never true of a response whose turn did not come. */
export function isOver(response: Response): boolean {
  return response.closed || response.req.socket.destroyed
}

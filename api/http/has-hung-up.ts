import type { Request } from 'express'
import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Whether the caller has hung up by now. What it sent last is read in one turn of the event loop, that it left in the next:
 * both are waited for. A caller who ends its side of the connection alone is gone, too: Node ends the other.
 */
export async function hasHungUp({ socket }: Pick<Request, 'socket'>): Promise<boolean> {
  await nextTurn()
  await nextTurn()
  return socket.writableEnded || socket.destroyed
}

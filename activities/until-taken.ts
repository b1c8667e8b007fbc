import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { neverPasses } from './in-parts.ts'

/** While the store is away, what has been done is offered to it again this often. */
const AGAIN_MS = { first: 100, most: 2_000 }

/**
 * Offers the record of what was done on the outside until the store takes it: this process alone knows of it, and whatever
 * has no record is done again. `about` says in a line of log what it is found by. Rejects with what no other offer would
 * change.
 */
export async function untilTaken<Result>(
  record: () => Promise<Result>,
  { log, about }: { log: Pick<Logger, 'warn'>; about: () => object },
): Promise<Result> {
  for (let wait = AGAIN_MS.first; ; wait = Math.min(2 * wait, AGAIN_MS.most)) {
    try {
      return await record()
    } catch (error) {
      if (neverPasses(error)) throw error
      if (wait === AGAIN_MS.first) {
        log.warn({ err: error, ...about() }, 'the store does not take what was done; offered again')
      }
      await sleep(wait)
    }
  }
}

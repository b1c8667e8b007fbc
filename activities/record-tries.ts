import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Outbox } from '../events/outbox.ts'
import { settleMessages, type SettledTry, type TrySettlement } from '../store/messages/settle-messages.ts'
import type { Database } from '../store/postgres/database.ts'
import { neverPasses } from './in-parts.ts'
import type { Leases } from './leases.ts'

/** While the store is away an outcome is offered to it again this often. */
const RECORD_AGAIN_MS = { first: 100, most: 2_000 }

/**
 * Records how tries came out, offered until the store takes them: what is known of a send is not lost while this process
 * lives. Answers in the order of `settlements`; undefined: its lease was somebody else's by then. `which` says in a line of
 * log what they are found by. Rejects with what no other offer would change.
 */
export async function recordTries(
  { db, leases, now, outbox, log }: { db: Database; leases: Leases; now: () => number; outbox: Outbox; log: Logger },
  settlements: readonly TrySettlement[],
  which: () => object,
): Promise<(SettledTry | undefined)[]> {
  for (let wait = RECORD_AGAIN_MS.first; ; wait = Math.min(2 * wait, RECORD_AGAIN_MS.most)) {
    try {
      const settled = await settleMessages(db, settlements, leases.owner, now(), outbox)
      const byRow = new Map(settled.map((each) => [each.recipientRunId, each]))
      return settlements.map(({ recipientRunId }) => byRow.get(recipientRunId))
    } catch (error) {
      if (neverPasses(error)) throw error
      if (wait === RECORD_AGAIN_MS.first) {
        const about = { ...which(), messages: settlements.length }
        log.warn({ err: error, ...about }, 'the store does not take what was sent; offered again')
      }
      await sleep(wait)
    }
  }
}

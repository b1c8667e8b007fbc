import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { TryOutcome } from '../events/message-events.ts'
import type { Outbox } from '../events/outbox.ts'
import { settleMessages } from '../store/messages/settle-messages.ts'
import type { SettledTry, TrySettlement } from '../store/messages/settled-try.ts'
import type { Database } from '../store/postgres/database.ts'
import type { Leases } from './leases.ts'
import { untilTaken } from './until-taken.ts'

const UNRECORDED = 'what the provider said could not be recorded'
/** Between offers of a bare outcome that is refused, too: until an operator has mended the store, or the process ends. */
const REFUSED_MS = 5_000

interface RecordDeps {
  db: Database
  leases: Pick<Leases, 'owner'>
  now: () => number
  outbox: Outbox
  /** Asked when the store takes them: whether the run has been told the end of the lease meanwhile. */
  isLate?: () => boolean
  log: Pick<Logger, 'warn' | 'error'>
}

/**
 * Records how tries came out, offered until the store takes them: what is known of a send is not lost while this process
 * lives. Where the store refuses them for good, they are halved, down to the one at fault, of which the bare outcome is
 * recorded. Answers in the order of `settlements`; undefined: its lease was somebody else's by then. `which` says in a line
 * of log what they are found by. Never rejects.
 */
export async function recordTries(
  deps: RecordDeps,
  settlements: readonly TrySettlement[],
  which: (first: TrySettlement) => object,
): Promise<(SettledTry | undefined)[]> {
  const { db, leases, now, outbox, isLate, log } = deps
  const about = () => ({ ...which(settlements[0]!), messages: settlements.length })
  const record = (offered: readonly TrySettlement[]) =>
    untilTaken(() => settleMessages(db, offered, leases.owner, now(), outbox, isLate), { log, about })
  let offered = settlements
  for (;;) {
    try {
      const settled = await record(offered)
      const byRow = new Map(settled.map((each) => [each.recipientRunId, each]))
      return settlements.map(({ recipientRunId }) => byRow.get(recipientRunId))
    } catch (error) {
      if (settlements.length > 1) {
        const half = Math.ceil(settlements.length / 2)
        const first = await recordTries(deps, settlements.slice(0, half), which)
        return [...first, ...(await recordTries(deps, settlements.slice(half), which))]
      }
      log.error({ err: error, ...about() }, 'the store refuses what was sent; its bare outcome is offered')
      if (offered === settlements) offered = settlements.map(bare)
      else await sleep(REFUSED_MS, undefined, { ref: false })
    }
  }
}

/** Without a word of anybody else's. */
function bare({ recipientRunId, number, revision, outcome }: TrySettlement): TrySettlement {
  return { recipientRunId, number, revision, outcome: bareOutcome(outcome) }
}

function bareOutcome(outcome: TryOutcome): TryOutcome {
  return 'reason' in outcome ? { ...outcome, reason: UNRECORDED } : { ...outcome, externalId: null }
}

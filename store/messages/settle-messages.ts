import { sql } from 'drizzle-orm'
import { messageTryEvents } from '../../events/message-events.ts'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import type { MessageKey } from '../ids/message-id.ts'
import { json, query, transaction, type Database } from '../postgres/database.ts'
import { settledTry, type LockedMessage, type SettledTry, type TrySettlement } from './settled-try.ts'
import { writeTries } from './write-tries.ts'

/**
 * Records how tries ended, in one transaction, for messages that `owner` still holds by the same claim: nobody else may have
 * taken them over, nor itself again after another. A message that a cancel marked meanwhile is not tried again: it ends as `not_sent`. What an earlier try may have
 * sent ends as `delivery_attempted` instead of as not sent or undelivered. Answers what was recorded. `isLate`, asked once the
 * messages are locked: their run may have been told the ends of their leases, and they are not due again before these.
 */
export async function settleMessages(
  db: Database,
  settlements: readonly TrySettlement[],
  owner: string,
  now: number,
  outbox = noOutbox,
  isLate = () => false,
): Promise<SettledTry[]> {
  if (settlements.length === 0) return []
  return transaction(db, async (tx) => {
    const keys = settlements.map(({ recipientRunId: r, number: n, revision: v }) => ({ r, n, v }))
    const locked = await query<LockedMessage>(
      tx,
      sql`select m.recipient_run_id as "recipientRunId", m.number, m.step_ref as "stepRef", m.revision, m.attempt,
            m.cancel_id is not null as canceled, m.may_have_been_sent as "mayHaveBeenSent"
          from messages m join jsonb_to_recordset(${json(keys)}) as x(r bigint, n smallint, v integer)
            on m.recipient_run_id = x.r and m.number = x.n and m.revision = x.v
          where m.status = 'queued' and m.claim = ${owner}
          order by m.recipient_run_id, m.number for update of m`,
    )
    const found = new Map(locked.map((message) => [keyText(message), message]))
    const settled = settlements.flatMap((settlement) => {
      const message = found.get(keyText(settlement))
      return message === undefined ? [] : [settledTry(settlement, message)]
    })
    if (settled.length === 0) return []
    await writeTries(tx, settled, now, isLate())
    await recordEvents(tx, outbox, now, () =>
      settled.flatMap(({ message, outcome }) => messageTryEvents(message, outcome)),
    )
    return settled.map(({ message }) => message)
  })
}

function keyText({ recipientRunId, number }: MessageKey): string {
  return `${recipientRunId}/${number}`
}

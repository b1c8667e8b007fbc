import { sql } from 'drizzle-orm'
import { recordEvents, type Outbox } from '../../events/outbox.ts'
import { at, ids, query, transaction, type Database } from '../postgres/database.ts'
import { lockEnding } from '../waits/lock-waiting.ts'
import { offerEnds } from '../waits/offer-events.ts'

/** Rows that one transaction ends. */
const PAGE = 500
/** Batches that housekeeping takes up at once. */
const MOST = 1_000
/** So long after the close whoever closed a batch is at it no more, in milliseconds. */
const LEFT_BEHIND_MS = 60_000

/**
 * Ends the recipient runs whose activities are in closed batches, and offers their ends to who waits for them: their carriers
 * walk on for them. In pages, so that no transaction holds more; begun again it goes on where it was. `reason`: why their
 * carriers have not.
 */
export async function endMembers(
  db: Database,
  batchIds: readonly number[],
  now: number,
  outbox: Outbox,
  reason: string | null = null,
): Promise<void> {
  if (batchIds.length === 0) return
  // By what was found, not by what was ended: a member that is canceled meanwhile leaves others behind it.
  let found: number
  do {
    found = await transaction(db, async (tx) => {
      const page = await query<{ id: number }>(
        tx,
        sql`select r.id from recipient_runs r join batches b on b.id = r.batch_id
            where r.batch_id = any(${ids(batchIds)}) and r.status = 'waiting' and r.id <> b.carrier and r.cancel_id is null
              and b.closed_at is not null
            order by r.id limit ${PAGE}`,
      )
      if (page.length === 0) return 0
      const members = await lockEnding(
        tx,
        page.map(({ id }) => id),
        sql`status = 'waiting' and cancel_id is null`,
      )
      await tx.execute(
        sql`update recipient_runs set status = 'ended', revision = revision + 1, updated_at = ${at(now)},
              reason = coalesce(${reason}, reason) where id = any(${ids(members)})`,
      )
      await offerEnds(tx, members, now, outbox)
      await recordEvents(tx, outbox, now, () =>
        members.map((id) => ({ type: 'workflow_recipient_run.completed', recipientRunId: id })),
      )
      return page.length
    })
  } while (found === PAGE)
  await db.execute(sql`update batches set is_settled = true where id = any(${ids(batchIds)}) and closed_at is not null`)
}

/** Closed batches whose activities' rows were left behind by a process that is gone. */
export async function unsettledBatches(db: Database, now: number): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    sql`select id from batches where closed_at < ${at(now - LEFT_BEHIND_MS)} and not is_settled
        order by closed_at limit ${MOST}`,
  )
  return rows.map(({ id }) => id)
}

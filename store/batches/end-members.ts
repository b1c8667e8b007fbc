import { sql } from 'drizzle-orm'
import { recordEvents, type Outbox } from '../../events/outbox.ts'
import { at, ids, query, transaction, type Database } from '../postgres/database.ts'

/** Rows that one transaction ends. */
const PAGE = 500
/** Batches that housekeeping takes up at once. */
const MOST = 1_000
/** So long after the close whoever closed a batch is at it no more, in milliseconds. */
const LEFT_BEHIND_MS = 60_000

/**
 * Ends the recipient runs whose activities are in closed batches: their carriers walk on for them. In pages, so that no
 * transaction holds more; begun again it goes on where it was. `reason`: why their carriers have not.
 */
export async function endMembers(
  db: Database,
  batchIds: readonly number[],
  now: number,
  outbox: Outbox,
  reason: string | null = null,
): Promise<void> {
  if (batchIds.length === 0) return
  let ended: number
  do {
    ended = await transaction(db, async (tx) => {
      const rows = await query<{ id: number }>(
        tx,
        sql`with page as materialized (
              select r.id from recipient_runs r join batches b on b.id = r.batch_id
              where r.batch_id = any(${ids(batchIds)}) and r.status = 'waiting' and r.id <> b.carrier and r.cancel_id is null
                and b.closed_at is not null
              order by r.id limit ${PAGE} for update of r
            )
            update recipient_runs r set status = 'ended', revision = r.revision + 1, updated_at = ${at(now)},
              reason = coalesce(${reason}, r.reason)
            from page where r.id = page.id returning r.id`,
      )
      await recordEvents(tx, outbox, now, () =>
        rows.map(({ id }) => ({ type: 'workflow_recipient_run.completed', recipientRunId: id })),
      )
      return rows.length
    })
  } while (ended === PAGE)
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

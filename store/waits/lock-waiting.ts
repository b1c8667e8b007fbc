import { sql, type SQL } from 'drizzle-orm'
import { ids, query, type Database } from '../postgres/database.ts'

/**
 * Locks the recipient runs that wait, and of whose waits `w` this holds, in the order of their ids; answers their ids. Rows
 * are locked before messages, and both before the subjects of events: whoever tells of something does this first.
 */
export async function lockWaiting(tx: Database, which: SQL): Promise<Set<number>> {
  const rows = await query<{ id: number }>(
    tx,
    sql`select id from recipient_runs where id = any(${whoWait(which)}) order by id for update`,
  )
  return new Set(rows.map(({ id }) => id))
}

/** The recipient runs of whose waits `w` this holds, as an array that is made once. */
export function whoWait(which: SQL): SQL {
  return sql`array(select w.recipient_run_id from event_waits w where ${which})`
}

/** Waits for the end of runs of these rows. Where nobody waits for any, no row is looked at. */
export function waitsForEndsOf(rowIds: readonly number[]): SQL {
  return sql`w.kind = 'workflow' and w.name in ('completed', 'error', 'cancelled') and w.recipient = any(
    case when exists (select from event_waits where kind = 'workflow')
      then array(select distinct recipient from recipient_runs where id = any(${ids(rowIds)})) else '{}' end)`
}

/**
 * Locks those of these rows of which `which` holds, and who waits for their ends, in one order; answers the former. The rows
 * are best found without a lock before: two that lock the same in another order wait for each other.
 */
export async function lockEnding(tx: Database, rowIds: readonly number[], which: SQL): Promise<number[]> {
  const own = ids(rowIds)
  const rows = await query<{ id: number }>(
    tx,
    sql`select id from recipient_runs where id = any(${own} || ${whoWait(waitsForEndsOf(rowIds))})
          and ((${which}) or id <> all(${own})) order by id for update`,
  )
  const locked = new Set(rows.map(({ id }) => id))
  return rowIds.filter((id) => locked.has(id))
}

/** Locks rows that began to wait just now, in the order of their ids. */
export async function lockRows(tx: Database, rowIds: readonly number[]): Promise<void> {
  await tx.execute(sql`select from recipient_runs where id = any(${ids(rowIds)}) order by id for update`)
}

import { sql } from 'drizzle-orm'
import { at, json, query, type Database } from '../postgres/database.ts'

export interface Ask {
  /** A key or a user. */
  subject: string
  /** Requests asked for, of `limit` in the window. */
  want: number
  limit: number
}

/**
 * Takes requests of a window for all of these subjects, and answers how many each got: together, all apis never get more
 * than the limit. Subjects are locked in their order. An api whose clock is behind takes of the window that has begun.
 */
export async function takeRequests(
  db: Database,
  asks: readonly Ask[],
  startsAt: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = asks.map(({ subject: s, want: w }) => ({ s, w }))
  const taken = await query<{ subject: string; taken: number }>(
    db,
    sql`insert into rate_limits as stored (subject, starts_at, taken)
        select x.s, ${at(startsAt)}, x.w from jsonb_to_recordset(${json(rows)}) as x(s text, w int)
        order by x.s collate "C"
        on conflict (subject) do update set
          taken = case when stored.starts_at < excluded.starts_at then 0 else stored.taken end + excluded.taken,
          starts_at = greatest(stored.starts_at, excluded.starts_at)
        returning subject, taken`,
  )
  const now = new Map(taken.map((row) => [row.subject, row.taken]))
  // What was asked beyond the limit was counted as well: nobody gets it any more.
  const granted = ({ subject, want, limit }: Ask) => Math.min(Math.max(limit - (now.get(subject)! - want), 0), want)
  return new Map(asks.map((ask) => [ask.subject, granted(ask)]))
}

const OVER_MS = 60_000
const FORGOTTEN_AT_ONCE = 10_000

/** Forgets counts of windows long over, some thousands at a time. */
export async function forgetRateLimits(db: Database, now: number): Promise<void> {
  await db.execute(
    sql`delete from rate_limits where subject in (
          select subject from rate_limits where starts_at < ${at(now - OVER_MS)} limit ${FORGOTTEN_AT_ONCE}
          for update skip locked)`,
  )
}

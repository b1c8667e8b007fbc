import { sql } from 'drizzle-orm'
import { at, ids, query, type Database } from '../postgres/database.ts'
import type { BatchSeen } from './batch-entry.ts'

interface WalkForBatch {
  batch?: { seen: BatchSeen | null }
}

const seenBy = ({ batch }: WalkForBatch): BatchSeen | null => batch?.seen ?? null

/**
 * Locks the batches that walks go on for, in the order in which everybody locks batches; answers whether a walk has seen its
 * batch as it is: nobody has joined or left it, or closed it, in between.
 */
export async function lockSeen(tx: Database, walks: readonly WalkForBatch[]): Promise<(walk: WalkForBatch) => boolean> {
  const seen = walks.flatMap((walk) => seenBy(walk) ?? [])
  if (seen.length === 0) return () => true
  const rows = await query<{ id: number; revision: number; isClosed: boolean }>(
    tx,
    sql`select id, revision, closed_at is not null as "isClosed" from batches
        where id = any(${ids(seen.map(({ id }) => id))}) order by recipient, key, id for update`,
  )
  const found = new Map(rows.map((row) => [row.id, row]))
  return (walk) => {
    const given = seenBy(walk)
    const batch = given === null ? undefined : found.get(given.id)
    return given === null || (batch?.revision === given.revision && batch.isClosed !== given.closes)
  }
}

/** The close: nobody joins any more, and its activities are judged by it from now on. */
export async function closeBatches(tx: Database, walks: readonly WalkForBatch[], now: number): Promise<void> {
  const closed = walks.flatMap((walk) => {
    const seen = seenBy(walk)
    return seen?.closes === true ? [seen.id] : []
  })
  if (closed.length === 0) return
  await tx.execute(
    sql`update batches set is_open = false, closed_at = ${at(now)}, is_settled = items < 2 where id = any(${ids(closed)})`,
  )
}

/**
 * Of rows that have ended without having closed their batches, since they could not be walked: whoever waits in these ends
 * with them.
 */
export async function closeAbandoned(tx: Database, ended: readonly number[], now: number): Promise<void> {
  await tx.execute(
    sql`update batches b set is_open = false, closed_at = ${at(now)} from recipient_runs r
        where r.id = any(${ids(ended)}) and b.id = r.batch_id and b.carrier = r.id and b.closed_at is null`,
  )
}

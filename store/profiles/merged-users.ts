import { sql, type SQL } from 'drizzle-orm'
import { at, query, texts, type Database } from '../postgres/database.ts'

/** Held by whoever merges: merges happen one after the other. Taken before all other locks. */
const MERGE_LOCK = 4_227_002

/** True where none of these recipients, by their keys, was merged into another. */
export function noneMerged(keys: readonly string[]): SQL {
  return sql`not exists (select from merged_users where from_id = any(${texts(keys)}))`
}

/** Who those of these recipients are by now that were merged into others, by their keys. */
export async function mergedInto(db: Database, keys: readonly string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await query<{ from: string; into: string }>(
    db,
    sql`select from_id as "from", into_id as "into" from merged_users where from_id = any(${texts(keys)})`,
  )
  return new Map(rows.map(({ from, into }) => [from, into]))
}

/** The ids that mean one of these users, by themselves or since they were merged: each with whom it means. */
export async function aliasesOf(db: Database, keys: readonly string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await query<{ from: string; into: string }>(
    db,
    sql`select from_id as "from", into_id as "into" from merged_users where into_id = any(${texts(keys)})
          or into_id in (select into_id from merged_users where from_id = any(${texts(keys)}))`,
  )
  return new Map(rows.map(({ from, into }) => [from, into]))
}

/** Waits until no other merge is under way, and keeps others waiting until the transaction ends. */
export async function lockMerges(tx: Database): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${MERGE_LOCK}::bigint)`)
}

/** Who `from` was merged into, and stays so until the transaction ends; undefined: nobody. */
export async function holdMerge(tx: Database, from: string): Promise<string | undefined> {
  const [row] = await query<{ into: string }>(
    tx,
    sql`select into_id as "into" from merged_users where from_id = ${from} for update`,
  )
  return row?.into
}

/** From now on `from` means `into`, and so does everybody merged into `from` before. */
export async function recordMerge(tx: Database, from: string, into: string, now: number): Promise<void> {
  await tx.execute(sql`update merged_users set into_id = ${into} where into_id = ${from}`)
  await tx.execute(sql`insert into merged_users (from_id, into_id, merged_at) values (${from}, ${into}, ${at(now)})`)
}

/** The id means nobody else any more, and nobody means it. Answers whether it was one that had been merged. */
export async function forgetMerges(tx: Database, id: string): Promise<boolean> {
  const gone = await query<{ from: string }>(
    tx,
    sql`delete from merged_users where from_id = ${id} or into_id = ${id} returning from_id as "from"`,
  )
  return gone.some(({ from }) => from === id)
}

/** Merges of which rows may be left under the old id, oldest first. */
export function unmovedMerges(db: Database, limit: number): Promise<{ from: string; mergedMs: number }[]> {
  return query(
    db,
    sql`select from_id as "from", (extract(epoch from merged_at) * 1000)::float8 as "mergedMs"
        from merged_users where moved_at is null order by merged_at, from_id limit ${limit}`,
  )
}

/** Nothing is left under the old id of a merge before then: a later one of the same id is another. */
export async function recordMoved(
  db: Database,
  from: string,
  { mergedBefore, now }: { mergedBefore: number; now: number },
): Promise<void> {
  await db.execute(
    sql`update merged_users set moved_at = ${at(now)} where from_id = ${from} and merged_at < ${at(mergedBefore)}`,
  )
}

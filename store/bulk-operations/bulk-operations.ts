import { sql } from 'drizzle-orm'
import { at, json, query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'

/** An item that could not be changed. */
export interface BulkFailure {
  id: string
  collection: string | null
}

/** As it stands. Instants are ISO 8601. */
export interface BulkRow {
  id: string
  name: string
  total: number
  processed: number
  failed: BulkFailure[]
  inserted_at: string
  started_at: string | null
  updated_at: string
  completed_at: string | null
}

export interface BulkWork extends Pick<BulkRow, 'id' | 'name'> {
  input: JsonObject
  position: JsonObject
  api_key: string
}

/** What one chunk came to; null position: it was the last. */
export interface BulkProgress {
  position: JsonObject | null
  processed: number
  failed: BulkFailure[]
}

/** Writes a bulk operation that is still to begin. `now` in epoch milliseconds. */
export async function insertBulk(
  db: Database,
  given: { id: string; name: string; input: JsonObject; total: number; apiKey: string },
  now: number,
): Promise<void> {
  const { id, name, input, total, apiKey } = given
  await db.execute(
    sql`insert into bulk_operations (id, name, input, position, total, failed, api_key, inserted_at, updated_at)
        values (${id}, ${name}, ${json(input)}, '{}', ${total}, '[]', ${apiKey}, ${at(now)}, ${at(now)})`,
  )
}

/** One by its id; undefined: there is none. */
export async function findBulk(db: Database, id: string): Promise<BulkRow | undefined> {
  const [row] = await query<BulkRow>(
    db,
    sql`select id, name, total, processed, failed, ${isoText(sql`inserted_at`)} as inserted_at,
          ${isoText(sql`started_at`)} as started_at, ${isoText(sql`updated_at`)} as updated_at,
          ${isoText(sql`completed_at`)} as completed_at
        from bulk_operations where id = ${id}::uuid`,
  )
  return row
}

/** Locks an operation that is not completed, so that no chunk is carried out by two at once. */
export async function lockBulk(tx: Database, id: string): Promise<BulkWork | undefined> {
  const [row] = await query<BulkWork>(
    tx,
    sql`select id, name, input, position, api_key from bulk_operations
        where id = ${id}::uuid and completed_at is null for update`,
  )
  return row
}

/** Whether an operation stands where it did: if so, it does until the transaction ends. */
export async function holdPosition(
  tx: Database,
  { id, position }: Pick<BulkWork, 'id' | 'position'>,
): Promise<boolean> {
  const found = await query(
    tx,
    sql`select from bulk_operations where id = ${id}::uuid and completed_at is null and position = ${json(position)} for share`,
  )
  return found.length > 0
}

/**
 * Adds what was done in this transaction, and where it goes on; `position` null: it is complete. `now` in epoch
 * milliseconds.
 */
export async function recordProgress(tx: Database, id: string, progress: BulkProgress, now: number): Promise<void> {
  const { position, processed, failed } = progress
  await tx.execute(
    sql`update bulk_operations set processed = processed + ${processed}, total = greatest(total, processed + ${processed}),
          failed = failed || ${json(failed)}, position = ${json(position ?? {})}, updated_at = ${at(now)},
          started_at = coalesce(started_at, ${at(now)}), completed_at = ${position === null ? at(now) : sql`null`}
        where id = ${id}::uuid`,
  )
}

/** Operations that nobody has carried on since `before`, epoch milliseconds, oldest first. */
export async function idleBulks(db: Database, before: number, limit: number): Promise<string[]> {
  const rows = await query<{ id: string }>(
    db,
    sql`select id from bulk_operations where completed_at is null and updated_at < ${at(before)}
        order by inserted_at limit ${limit}`,
  )
  return rows.map(({ id }) => id)
}

import { sql } from 'drizzle-orm'
import { ids, query, type Database } from '../postgres/database.ts'

export interface Batch {
  id: number
  carrier: number | null
  stepRef: string
  /** Epoch milliseconds. */
  closesAt: number
  revision: number
  /** Its carrier walks on. */
  isClosed: boolean
}

/** These batches as they are, without a lock, by id. */
export async function loadBatches(db: Database, batchIds: readonly number[]): Promise<Map<number, Batch>> {
  if (batchIds.length === 0) return new Map()
  const found = await query<Batch>(
    db,
    sql`select id, carrier, step_ref as "stepRef", round(extract(epoch from closes_at) * 1000)::float8 as "closesAt", revision,
          closed_at is not null as "isClosed"
        from batches where id = any(${ids(batchIds)})`,
  )
  return new Map(found.map((batch) => [batch.id, batch]))
}

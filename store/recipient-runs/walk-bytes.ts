import { sql } from 'drizzle-orm'
import { ids, query, type Database } from '../postgres/database.ts'
import { largeBytes } from '../postgres/large-bytes.ts'
import { triggerOf } from '../ids/row-id.ts'
import { loadProfileBytes } from '../profiles/recipients.ts'
import { SHOWN_BYTES } from '../batches/load-activities.ts'

/** What walks load of their recipients and of the batches they go on for, in bytes: what is large of it. */
export interface WalkBytes {
  recipient: (key: string) => number
  batch: (id: number) => number
}

/** Three statements at most, and two of them only where there are batches. */
export async function loadWalkBytes(
  db: Database,
  rows: readonly { recipient: string; batchId: number | null }[],
): Promise<WalkBytes> {
  const recipients = [...new Set(rows.map(({ recipient }) => recipient))]
  const batchIds = [...new Set(rows.flatMap(({ batchId }) => batchId ?? []))]
  const ofRecipient = await loadProfileBytes(db, recipients)
  const ofBatch = batchIds.length === 0 ? new Map<number, number>() : await batchBytes(db, batchIds)
  return { recipient: (key) => ofRecipient.get(key) ?? 0, batch: (id) => ofBatch.get(id) ?? 0 }
}

/** A batch of more activities counts as large: what it takes to read them all is more than others gain who do not wait for it. */
const MANY = 1_000

/** The data of their activities, as much of it as is shown, and the profiles of their actors. */
async function batchBytes(db: Database, batchIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await query<{ id: number; data: number; actors: string[] }>(
    db,
    sql`select b.id, case when b.items > ${MANY}::int then ${2 * SHOWN_BYTES}::int else coalesce(found.data, 0) end as data, found.actors
        from batches b cross join lateral (
          select sum(t.data_size + ${largeBytes(sql`r.trigger_data`)} + ${largeBytes(sql`r.state`)})::float8 as data,
            coalesce(array_agg(distinct t.actor) filter (where t.actor is not null), '{}') as actors
          from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')}
          where r.batch_id = b.id and r.batch_left is null and b.items <= ${MANY}::int
        ) found
        where b.id = any(${ids(batchIds)})`,
  )
  const ofActor = await loadProfileBytes(db, [...new Set(rows.flatMap(({ actors }) => actors))])
  return new Map(
    rows.map(({ id, data, actors }) => {
      const people = actors.reduce((sum, actor) => sum + (ofActor.get(actor) ?? 0), 0)
      return [id, Math.min(data, 2 * SHOWN_BYTES) + people]
    }),
  )
}

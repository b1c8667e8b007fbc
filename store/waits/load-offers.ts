import { sql } from 'drizzle-orm'
import { at, ids, query, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'

/** An event that came for a recipient run. */
export interface Offer {
  id: string
  name: string
  data: JsonObject
  /** Epoch milliseconds. */
  happenedAt: number
}

/** Of one recipient run, looked at in one walk; whoever has as many comes again for the rest. */
export const MOST_OFFERS = 100

/** What came for these recipient runs and was not looked at, earliest first. */
export async function loadOffers(db: Database, rowIds: readonly number[]): Promise<Map<number, Offer[]>> {
  const rows = await query<Offer & { row: number }>(
    db,
    sql`select row, id, name, data, "happenedAt" from (
          select o.recipient_run_id as row, e.id, e.name, e.data,
            round(extract(epoch from e.happened_at) * 1000)::float8 as "happenedAt",
            row_number() over (partition by o.recipient_run_id order by e.happened_at, e.id) as place
          from event_offers o join events e on e.id = o.event_id where o.recipient_run_id = any(${ids(rowIds)})
        ) found where place <= ${MOST_OFFERS} order by row, place`,
  )
  const found = new Map<number, Offer[]>()
  for (const { row, id, name, data, happenedAt } of rows) {
    const offer = { id, name, data, happenedAt }
    found.set(row, [...(found.get(row) ?? []), offer])
  }
  return found
}

/** How far a wait may look back, and so how long events are kept. */
export const LOOK_BACK_DAYS = 7
const KEPT_MS = LOOK_BACK_DAYS * 86_400_000 + 3_600_000
const AT_ONCE = 10_000

/** Forgets events nobody can look back at, and waits that nobody left, some thousands at a time. */
export async function forgetEvents(db: Database, now: number): Promise<void> {
  await db.execute(
    sql`with old as (
          select id from events where happened_at < ${at(now - KEPT_MS)} limit ${AT_ONCE}
        ),
        offers as (delete from event_offers where event_id in (select id from old)),
        waits as (
          delete from event_waits where recipient_run_id in (
            select recipient_run_id from event_waits where until < ${at(now - KEPT_MS)} limit ${AT_ONCE})
        )
        delete from events where id in (select id from old)`,
  )
}

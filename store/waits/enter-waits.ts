import { sql } from 'drizzle-orm'
import { ids, json, query, type Database } from '../postgres/database.ts'
import { lockSubjects, subjectOf, type EventWait } from './event-wait.ts'
import { offerOwnEnds } from './offer-own-ends.ts'

/**
 * Recipient runs begin to wait, their rows locked before. Answers those that an event has come for already: since when an
 * event counts is the wait's to say.
 */
export async function enterWaits(
  tx: Database,
  waits: readonly { id: number; wait: EventWait }[],
): Promise<Set<number>> {
  if (waits.length === 0) return new Set()
  const subjects = waits.map(({ wait: { kind, name } }) => subjectOf(kind, name))
  await tx.execute(lockSubjects(subjects, 'waits'))
  const rows = waits.map(({ id, wait: { kind: k, name: n, source: s, recipient: r, until: u, since: f } }) => {
    return { id, k, n, s, r, u, f }
  })
  const offered = await query<{ id: number }>(
    tx,
    sql`with x as materialized (
          select * from jsonb_to_recordset(${json(rows)})
            as given(id bigint, k text, n text, s text, r text, u float8, f float8)
        ),
        entered as (
          insert into event_waits (recipient_run_id, kind, name, source, recipient, until)
          select id, k, n, s, r, to_timestamp(u / 1000.0) from x
          on conflict (recipient_run_id) do update set kind = excluded.kind, name = excluded.name,
            source = excluded.source, recipient = excluded.recipient, until = excluded.until
        ),
        offered as (
          insert into event_offers (recipient_run_id, event_id)
          select x.id, e.id from x join events e on e.kind = x.k and e.name = x.n
            and e.happened_at >= to_timestamp(x.f / 1000.0)
            and (e.recipients is null or e.recipients ? x.r)
          where x.k = 'event'
          on conflict do nothing returning recipient_run_id
        )
        select distinct recipient_run_id as id from offered`,
  )
  const ends = await offerOwnEnds(tx, waits)
  return new Set([...offered, ...ends].map(({ id }) => id))
}

/** Recipient runs have left their waits, or have looked at these events and wait on. */
export async function leaveWaits(
  tx: Database,
  left: readonly { id: number; seen: readonly string[]; leaves: boolean }[],
): Promise<void> {
  if (left.length === 0) return
  const gone = left.filter(({ leaves }) => leaves).map(({ id }) => id)
  const seen = left.flatMap((each) => (each.leaves ? [] : each.seen.map((event) => ({ r: each.id, e: event }))))
  await tx.execute(
    sql`with gone as (delete from event_waits where recipient_run_id = any(${ids(gone)})),
        seen as (
          delete from event_offers o using jsonb_to_recordset(${json(seen)}) as x(r bigint, e uuid)
          where o.recipient_run_id = x.r and o.event_id = x.e
        )
        delete from event_offers where recipient_run_id = any(${ids(gone)})`,
  )
}

import { sql } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import { isRowOf } from '../ids/row-id.ts'
import { json, query, type Database } from '../postgres/database.ts'
import type { EventWait } from './event-wait.ts'
import { runEnd, toldOfEnd, type RunEnd } from './run-end.ts'

/**
 * Offers recipient runs that begin to wait for ends of runs those that are over already, of what they have triggered
 * themselves, to the same recipient: a nested run may be over before its step is recorded. It counts as of the beginning of
 * the wait. The subject is locked: whoever ends a run later sees the wait. Answers who was offered one.
 */
export async function offerOwnEnds(
  tx: Database,
  waits: readonly { id: number; wait: EventWait }[],
): Promise<{ id: number }[]> {
  const asking = new Map(waits.flatMap(({ id, wait }) => (wait.kind === 'workflow' ? [[id, wait] as const] : [])))
  if (asking.size === 0) return []
  const rows = [...asking].map(([id, { name: n, source: s, recipient: r }]) => ({ id, n, s, r }))
  const ended = await query<RunEnd & { waiter: number }>(
    tx,
    sql`select x.id as waiter, ${runEnd}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, n text, s text, r text)
          join triggers t on t.caused_by_row = x.id
          join runs u on u.id = t.run_id and u.definition_key = x.s
          join recipient_runs r on r.recipient = x.r and ${isRowOf('r.id', 't.id')}
        where r.status in ('ended', 'canceled') order by r.id`,
  )
  const offers = ended.flatMap(({ waiter, ...end }) => {
    const { name, taken = [], since } = asking.get(waiter)!
    const { name: n, recipients: p, data: d } = toldOfEnd(end)
    if (n !== name || taken.some((id) => id === d['workflow_recipient_run_id'])) return []
    return [{ id: waiter, e: randomUUID(), n, p, d, a: since }]
  })
  if (offers.length === 0) return []
  return query(
    tx,
    sql`with x as materialized (
          select * from jsonb_to_recordset(${json(offers)}) as x(id bigint, e uuid, n text, p jsonb, d jsonb, a float8)
        ),
        kept as (
          insert into events (id, kind, name, recipients, data, happened_at)
          select e, 'workflow', n, p, d, to_timestamp(a / 1000.0) from x
        )
        insert into event_offers (recipient_run_id, event_id) select id, e from x returning recipient_run_id as id`,
  )
}

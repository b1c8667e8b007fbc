import { sql } from 'drizzle-orm'
import { RUN_LANE } from '../../workflows/messages.ts'
import { triggerOf } from '../ids/row-id.ts'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'
import { lockSubjects, subjectOf, type EventKind } from './event-wait.ts'

/** Something that happened, and that a recipient run may wait for. */
export interface Occurrence {
  /** UUID. */
  id: string
  kind: EventKind
  name: string
  /** By their keys; null: everybody who waits. */
  recipients: string[] | null
  /** Of a message or a run: the workflow it is of. */
  source: string | null
  data: JsonObject
  /** Only this recipient run may take it, if it waits for its own workflow's; null: any. */
  ofRow: number | null
}

/**
 * Offers events to who waits for them, and wakes them: what of it matches, each walk finds out. A caller's own events are kept for
 * those who look back; any other only if somebody took it. Answers how many wait, and the signals to send once it is
 * committed.
 */
export async function recordOccurrences(
  tx: Database,
  occurrences: readonly Occurrence[],
  now: number,
): Promise<{ offered: number; signals: number[] }> {
  if (occurrences.length === 0) return { offered: 0, signals: [] }
  await tx.execute(
    lockSubjects(
      occurrences.map(({ kind, name }) => subjectOf(kind, name)),
      'records',
    ),
  )
  const rows = occurrences.map(({ id, kind: k, name: n, recipients: r, source: s, data: d, ofRow: o }) => {
    return { id, k, n, r, s, d, o }
  })
  const taken = await query<{ id: number }>(
    tx,
    sql`with x as materialized (
          select * from jsonb_to_recordset(${json(rows)})
            as given(id uuid, k text, n text, r jsonb, s text, d jsonb, o bigint)
        ),
        taken as materialized (
          select x.id, w.recipient_run_id from x join event_waits w on w.kind = x.k and w.name = x.n
            and (x.r is null or jsonb_typeof(x.r) = 'null' or x.r ? w.recipient)
            and (w.source is null or w.source = x.s)
          where x.o is null or w.recipient_run_id = x.o or not exists (
            select from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join runs u on u.id = t.run_id
            where r.id = w.recipient_run_id and u.definition_key = x.s)
        ),
        kept as (
          insert into events (id, kind, name, recipients, data, happened_at)
          select id, k, n, nullif(r, 'null'::jsonb), d, ${at(now)} from x
          where k = 'event' or id in (select id from taken)
        ),
        offered as (
          insert into event_offers (recipient_run_id, event_id) select recipient_run_id, id from taken
          on conflict do nothing
        )
        select distinct recipient_run_id as id from taken`,
  )
  const signals = await wake(
    tx,
    taken.map(({ id }) => id),
    now,
  )
  return { offered: taken.length, signals }
}

/** Moves rows that wait to now, and leaves a signal for each of their runs. A walk of theirs under way is refused. */
async function wake(tx: Database, rowIds: readonly number[], now: number): Promise<number[]> {
  if (rowIds.length === 0) return []
  await tx.execute(sql`select id from recipient_runs where id = any(${ids(rowIds)}) order by id for update`)
  const signals = await query<{ id: number }>(
    tx,
    sql`with moved as (
          update recipient_runs r set due = least(r.due, ${at(now)}), revision = r.revision + 1, updated_at = ${at(now)}
          where r.id = any(${ids(rowIds)}) and r.status = 'waiting' and r.phase = 'wait' and r.due is not null
          returning r.id, r.due
        ),
        lowered as (
          update triggers t set next_due = x.due from (
            select ${triggerOf('id')} as id, min(due) as due from moved group by 1
          ) x where t.id = x.id and (t.next_due is null or t.next_due > x.due)
        )
        insert into pending_signals (run_id, kind, lanes, created_at)
        select t.run_id, 'move', jsonb_build_array(jsonb_build_object('lane', ${RUN_LANE}::text,
          'rows', jsonb_agg(jsonb_build_array(m.id, m.id) order by m.id))), ${at(now)}
        from moved m join triggers t on t.id = ${triggerOf('m.id')} group by t.run_id returning id`,
  )
  return signals.map(({ id }) => id)
}

import { sql } from 'drizzle-orm'
import { RUN_LANE } from '../../workflows/lane-name.ts'
import { triggerOf } from '../ids/row-id.ts'
import { at, json, query, type Database } from '../postgres/database.ts'

/** A recipient run that is to wake earlier. */
export interface EarlierRow {
  id: number
  /** Epoch milliseconds. */
  due: number
}

/**
 * Moves rows that wait to an earlier instant, never to a later one, and leaves a signal for the run of each; answers their
 * ids. The rows are locked by the caller, who has seen under that lock what they wait for. A walk of theirs under way is
 * refused.
 */
export async function wakeRows(tx: Database, rows: readonly EarlierRow[], now: number): Promise<number[]> {
  if (rows.length === 0) return []
  const given = rows.map(({ id: i, due: d }) => ({ i, d }))
  const signals = await query<{ id: number }>(
    tx,
    sql`with x as (
          select i, to_timestamp(d / 1000.0) as due from jsonb_to_recordset(${json(given)}) as given(i bigint, d float8)
        ),
        moved as (
          update recipient_runs r set due = least(r.due, x.due), revision = r.revision + 1, updated_at = ${at(now)}
          from x where r.id = x.i and r.status = 'waiting' returning r.id, r.due
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

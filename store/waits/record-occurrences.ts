import { sql, type SQL } from 'drizzle-orm'
import { triggerOf } from '../ids/row-id.ts'
import { at, json, query, type Database } from '../postgres/database.ts'
import { wakeRows } from '../recipient-runs/wake-rows.ts'
import type { JsonObject } from '../schema/index.ts'
import { lockSubjects, subjectOf, type EventKind } from './event-wait.ts'
import { lockRows, lockWaiting } from './lock-waiting.ts'

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
 * committed. Rows are locked before subjects; the few that begin to wait in between are locked late, so that it may have to
 * be tried again.
 */
export async function recordOccurrences(
  tx: Database,
  occurrences: readonly Occurrence[],
  now: number,
): Promise<{ offered: number; signals: number[] }> {
  if (occurrences.length === 0) return { offered: 0, signals: [] }
  const rows = occurrences.map(({ id, kind: k, name: n, recipients: r, source: s, data: d, ofRow: o }) => {
    return { id, k, n, r, s, d, o }
  })
  const given = sql`jsonb_to_recordset(${json(rows)}) as x(id uuid, k text, n text, r jsonb, s text, d jsonb, o bigint)`
  const known = await lockWaiting(tx, sql`exists (select from ${given} where ${wants})`)
  const subjects = occurrences.map(({ kind, name }) => subjectOf(kind, name))
  await tx.execute(lockSubjects(subjects, 'records'))
  let takers = await takersOf(tx, given)
  const late = takers.filter(({ row }) => !known.has(row))
  if (late.length > 0) {
    await lockRows(
      tx,
      late.map(({ row }) => row),
    )
    // Who left its wait before it was locked waits for something else by now, or for nothing.
    takers = await takersOf(tx, given)
  }
  const taken = takers.map(({ row: r, event: e }) => ({ r, e }))
  await tx.execute(
    sql`with x as (select * from ${given}),
        taken as (select * from jsonb_to_recordset(${json(taken)}) as taken(r bigint, e uuid)),
        kept as (
          insert into events (id, kind, name, recipients, data, happened_at)
          select id, k, n, nullif(r, 'null'::jsonb), d, ${at(now)} from x
          where k = 'event' or id in (select e from taken)
        )
        insert into event_offers (recipient_run_id, event_id) select r, e from taken on conflict do nothing`,
  )
  const woken = [...new Set(takers.map(({ row }) => row))]
  const signals = await wakeRows(
    tx,
    woken.map((id) => ({ id, due: now })),
    now,
  )
  return { offered: woken.length, signals }
}

/** Whether the wait `w` is for what `x` tells. */
const wants = sql`w.kind = x.k and w.name = x.n and (x.r is null or jsonb_typeof(x.r) = 'null' or x.r ? w.recipient)
  and (w.source is null or w.source = x.s)`

/** Who waits for these at this moment, and for which. */
function takersOf(tx: Database, given: SQL): Promise<{ row: number; event: string }[]> {
  return query(
    tx,
    sql`select w.recipient_run_id as row, x.id as event from ${given} join event_waits w on ${wants}
        where x.o is null or w.recipient_run_id = x.o or not exists (
          select from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join runs u on u.id = t.run_id
          where r.id = w.recipient_run_id and u.definition_key = x.s)
        order by 1`,
  )
}

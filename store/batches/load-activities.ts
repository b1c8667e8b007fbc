import { sql, type SQL } from 'drizzle-orm'
import { triggerOf } from '../ids/row-id.ts'
import { json, query, type Database } from '../postgres/database.ts'
import { largeBytes } from '../postgres/large-bytes.ts'
import type { Json, JsonObject } from '../schema/index.ts'

/** Which activities of a batch are asked for: those that were in it at `revision`. */
export interface DigestRequest {
  batchId: number
  revision: number
  /** How many are shown: the first, or with `isDesc` the last. */
  limit: number
  isDesc: boolean
}

export interface Activity {
  /** Place of the request it answers. */
  request: number
  /** Of its recipient run. */
  id: number
  /** From 1, in the order of the row ids. */
  place: number
  /** All that are in the batch. */
  total: number
  isShown: boolean
  workflowRunId: string
  actor: string | null
  tenant: string | null
  data: JsonObject
  /** Epoch milliseconds. */
  acceptedAt: number
}

/** Of the data of the activities that are shown; one is shown in any case. */
export const SHOWN_BYTES = 8_000_000

/** The longest text that templates see in the data of a digest as a whole, in characters. */
export const LONGEST_TEXT = 256

const given = (requests: readonly DigestRequest[]): SQL => {
  const rows = requests.map(({ batchId: b, revision: v, limit: l, isDesc: z }, i) => ({ i, b, v, l, z }))
  return sql`jsonb_to_recordset(${json(rows)}) as x(i integer, b bigint, v integer, l integer, z boolean)`
}

/** What its steps laid over the data of an activity before it came to the batch: see steps/walk-data.ts. */
const added: SQL = sql`coalesce(r.state -> '$own_data', r.state -> '$data', '{}')`

/** Those of batches' activities that are in them still, as `r`. */
const live = (requests: readonly DigestRequest[]): SQL => sql`${given(requests)}
  join recipient_runs r on r.batch_id = x.b and (r.batch_left is null or r.batch_left > x.v)`

/** The same of the request `x` by itself. */
const inBatch: SQL = sql`recipient_runs r where r.batch_id = x.b and (r.batch_left is null or r.batch_left > x.v)`

/** The same from an end of the batch. `between` for `=`: only the index on both columns is in this order, not that on the ids. */
const fromEnd = (direction: 'asc' | 'desc', only: SQL, limit: SQL): SQL => {
  const way = direction === 'asc' ? sql`asc` : sql`desc`
  return sql`(select r.* from recipient_runs r
    where r.batch_id between x.b and x.b and (r.batch_left is null or r.batch_left > x.v) and ${only}
    order by r.batch_id ${way}, r.id ${way} limit ${limit})`
}

const ofTrigger = sql`join triggers t on t.id = ${triggerOf('r.id')}`

/** What an activity tells, of `r` and its trigger `t`. */
const told: SQL = sql`case when r.trigger_data is null and (r.state is null or not r.state ?| '{$own_data,$data}') then t.data
  else t.data || coalesce(r.trigger_data, '{}') || ${added} end`

/**
 * The first activity of each batch and those that are shown, oldest first: as many as are asked for, and as their data
 * allows. One statement, which counts all activities and looks at the ends of each batch alone: by the index, since the
 * planner would number all, and read every trigger there is.
 */
export async function loadActivities(db: Database, requests: readonly DigestRequest[]): Promise<Activity[]> {
  return query<Activity>(
    db,
    sql`select y.i as request, y.id, y.place::float8 as place, y.total::float8 as total, y.shown as "isShown", of_row.*
        from (
          select a.*, case when a.z then a.total - a.rank + 1 else a.rank end as place, a.rank <= a.l and
            (a.rank = 1 or sum(size.bytes) over (partition by a.i order by a.rank) <= ${SHOWN_BYTES}) as shown
          from (
            select x.i, x.l, x.z, ends.*, counted.total
            from ${given(requests)} cross join lateral (select count(*) as total from ${inBatch}) counted
            cross join lateral (
              select r.id, row_number() over (order by r.id desc) as rank from ${fromEnd('desc', sql`x.z`, sql`x.l`)} r
              union all select r.id, counted.total from ${fromEnd('asc', sql`x.z and counted.total > x.l`, sql`1`)} r
              union all select r.id, row_number() over (order by r.id) from ${fromEnd('asc', sql`not x.z`, sql`greatest(x.l, 1)`)} r
            ) ends
          ) a cross join lateral (
            select t.data_size + ${largeBytes(sql`r.trigger_data`)} + ${largeBytes(added)} as bytes
            from recipient_runs r ${ofTrigger} where r.id = a.id limit 1
          ) size
        ) y cross join lateral (
          select t.workflow_run_id as "workflowRunId", t.actor, t.tenant, ${told} as data,
            round(extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedAt"
          from recipient_runs r ${ofTrigger} where r.id = y.id limit 1
        ) of_row
        where y.place = 1 or y.shown
        order by y.i, y.id`,
  )
}

/** The actors of all activities of these batches: the first so many, or the last, oldest first. `total`: all there are. */
export async function loadActors(
  db: Database,
  requests: readonly DigestRequest[],
): Promise<{ request: number; actor: string; total: number }[]> {
  if (requests.length === 0) return []
  return query(
    db,
    sql`select i as request, actor, total::float8 as total from (
          select a.*, row_number() over (partition by i order by first) as place, count(*) over (partition by i) as total
          from (select x.i, x.l, x.z, t.actor, min(r.id) as first from ${live(requests)} ${ofTrigger}
            where t.actor is not null group by 1, 2, 3, 4) a
        ) y where case when z then place > total - l else place <= l end order by i, first`,
  )
}

/** Activities that are read for their fields first, the last ones, and how many fields of theirs count as known then. */
const LAST = 100
const KNOWN = 50

/**
 * What the data of all activities comes to, the last one wins: texts, numbers and the like, and texts are cut. Most have the
 * fields that the last ones have, and are not unpacked.
 */
export async function loadMergedData(
  db: Database,
  requests: readonly DigestRequest[],
): Promise<{ request: number; name: string; value: Json }[]> {
  if (requests.length === 0) return []
  const isPlain = sql`jsonb_typeof(e.value) not in ('object', 'array')`
  return query(
    db,
    sql`with recent as materialized (
          select x.i, e.key, max(a.id) as id from ${given(requests)} cross join lateral (
            select r.id, ${told} as data from ${fromEnd('desc', sql`true`, sql`${LAST}`)} r ${ofTrigger}
          ) a cross join lateral jsonb_each(a.data) e
          where ${isPlain} group by 1, 2
        ), known as materialized (
          select i, (array_agg(key order by key))[1:${KNOWN}::int] as keys from recent group by i
        ), others as (
          select x.i, r.id, ${told} - coalesce(known.keys, '{}') as data
          from ${live(requests)} ${ofTrigger} left join known on known.i = x.i
        ), won as materialized (
          select i, key, max(id) as id from (
            select i, key, id from recent
            union all select o.i, e.key, o.id from others o cross join lateral jsonb_each(o.data) e
            where o.data <> '{}' and ${isPlain}
          ) each group by 1, 2
        )
        select won.i as request, won.key as name,
          case jsonb_typeof(e.value) when 'string' then to_jsonb(left(e.value #>> '{}', ${LONGEST_TEXT}::int)) else e.value end as value
        from (select distinct i, id from won) w
          cross join lateral (select ${told} as data from recipient_runs r ${ofTrigger} where r.id = w.id limit 1) of_row
          cross join lateral jsonb_each(of_row.data) e
          join won on won.i = w.i and won.id = w.id and won.key = e.key
        order by won.i, won.key`,
  )
}

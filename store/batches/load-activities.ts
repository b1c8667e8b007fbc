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

/** Those of batches' activities that are in them still, as `r`, each with its trigger `t`. */
const live = (requests: readonly DigestRequest[]): SQL => sql`${given(requests)}
  join recipient_runs r on r.batch_id = x.b and (r.batch_left is null or r.batch_left > x.v)
  join triggers t on t.id = ${triggerOf('r.id')}`

/** The first activity of each batch and those that are shown, oldest first: as many as are asked for, and as their data allows. One statement. */
export async function loadActivities(db: Database, requests: readonly DigestRequest[]): Promise<Activity[]> {
  return query<Activity>(
    db,
    sql`select y.i as request, y.id, y.place::float8 as place, y.total::float8 as total, y.shown as "isShown",
          t.workflow_run_id as "workflowRunId", t.actor, t.tenant, t.data || coalesce(y.trigger_data, '{}') || y.added as data,
          round(extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedAt"
        from (
          select a.*, a.rank <= a.l and (a.rank = 1 or a.bytes <= ${SHOWN_BYTES}) as shown from (
            select x.i, x.l, r.id, r.trigger_data, ${added} as added, row_number() over (partition by x.i order by r.id) as place,
              count(*) over (partition by x.i) as total, row_number() over ranked as rank,
              sum(t.data_size + ${largeBytes(sql`r.trigger_data`)} + ${largeBytes(added)}) over (ranked rows unbounded preceding) as bytes
            from ${live(requests)}
            window ranked as (partition by x.i order by case when x.z then -r.id else r.id end)
          ) a
        ) y join triggers t on t.id = ${triggerOf('y.id')}
        where y.place = 1 or y.shown
        order by y.i, y.id`,
  )
}

/** The actors of all activities of these batches: the first so many, or the last, oldest first. `total`: all there are. */
export async function loadActors(
  db: Database,
  requests: readonly DigestRequest[],
): Promise<{ request: number; actor: string; total: number }[]> {
  return query(
    db,
    sql`select i as request, actor, total::float8 as total from (
          select a.*, row_number() over (partition by i order by first) as place, count(*) over (partition by i) as total
          from (select x.i, x.l, x.z, t.actor, min(r.id) as first from ${live(requests)}
            where t.actor is not null group by 1, 2, 3, 4) a
        ) y where case when z then place > total - l else place <= l end order by i, first`,
  )
}

/** What the data of all activities comes to, the last one wins: texts, numbers and the like, and texts are cut. */
export async function loadMergedData(
  db: Database,
  requests: readonly DigestRequest[],
): Promise<{ request: number; name: string; value: Json }[]> {
  return query(
    db,
    sql`select distinct on (x.i, e.key) x.i as request, e.key as name,
          case jsonb_typeof(e.value) when 'string' then to_jsonb(left(e.value #>> '{}', ${LONGEST_TEXT}::int)) else e.value end as value
        from ${live(requests)}
          cross join lateral jsonb_each(t.data || coalesce(r.trigger_data, '{}') || ${added}) e
        where jsonb_typeof(e.value) not in ('object', 'array')
        order by x.i, e.key, r.id desc`,
  )
}

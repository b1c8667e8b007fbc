import { sql } from 'drizzle-orm'
import type { Page } from '../../workflows/run-activities.ts'
import type { Edge, PackedSleepers } from '../../workflows/sleepers.ts'
import { messageLane } from '../ids/lane.ts'
import { isRowOf, rowAt } from '../ids/row-id.ts'
import { query, type Database } from '../postgres/database.ts'
import { isPendingRow } from './pending.ts'
import { rowLaneText } from './row-lane.ts'
import { NAMED } from './sleepers.ts'

interface PageRow {
  id: number
  recipient: string
  /** Of a message, or the whole lane of a recipient run. */
  channelType: string
  /** -1 for a recipient run. */
  number: number
  revision: number
  due: number
  step: string
  tries: number
  /** Of this page and all after it. */
  total: number
}

/** Triggers whose earliest due is read at once. */
const TRIGGERS_SHOWN = 50

/**
 * The next sleepers of a run in the order (due, lane, row): who waits, and what is queued; what is claimed wakes the run at
 * the end of its lease. Reads all of the run's sleepers for each page: no index holds them by their due, since one would make
 * every step of every walk write to it. A page is up to 50,000, so that few are read.
 */
export async function loadPage(
  db: Database,
  workflowId: string,
  { after, limit }: { after: Edge | null; limit: number },
  now: number,
): Promise<Page> {
  const rows = await query<PageRow>(
    db,
    sql`with mine as materialized (
          select t.id, t.definition_hash from triggers t join runs u on u.id = t.run_id
          where u.workflow_id = ${workflowId} and t.next_due is not null
        ),
        sleepers as (
          select r.id, r.recipient, ${rowLaneText} as channel_type, -1 as number, r.revision, r.attempt as tries,
            round(extract(epoch from case when r.status = 'claimed' then r.lease_until else r.due end) * 1000)::float8 as due,
            d.content -> 'steps' -> r.step::int ->> 'ref' as step
          from mine t join recipient_runs r on ${isRowOf('r.id', 't.id')}
            join definitions d on d.hash = coalesce(r.definition_hash, t.definition_hash)
          where r.status = 'claimed' or (r.status = 'waiting' and r.due is not null)
          union all
          select m.recipient_run_id, m.recipient, m.channel_type, m.number, m.revision, m.attempt,
            round(extract(epoch from coalesce(m.lease_until, m.due)) * 1000)::float8, m.step_ref
          from mine t join messages m on ${isRowOf('m.recipient_run_id', 't.id')}
          where m.status = 'queued'
        )
        select id, recipient, channel_type as "channelType", number, revision, tries, due, step,
          count(*) over ()::float8 as total
        from sleepers
        where ${after === null ? sql`true` : afterEdge(after)}
        order by due, ${laneText}, id limit ${limit + 1}`,
  )
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const edge = rows.length > limit && last !== undefined ? { due: last.due, lane: laneOf(last), row: last.id } : null
  return {
    now,
    sleepers: pack(page, after === null && edge === null),
    edge,
    beyond: (rows[0]?.total ?? 0) - page.length,
    ...(await newestOf(db, workflowId)),
  }
}

const laneText = sql`case when number < 0 then channel_type else channel_type || '/' || number end collate "C"`

function afterEdge({ due, lane, row }: Edge) {
  return sql`(due, ${laneText}, id) > (${due}::float8, ${lane}::text collate "C", ${row}::bigint)`
}

function laneOf({ channelType, number }: PageRow): string {
  return number < 0 ? channelType : messageLane(channelType, number)
}

/** By lane, step, revision and tries, ids ascending, ids and dues as differences. Named if they are few and all there are. */
function pack(rows: readonly PageRow[], complete: boolean): PackedSleepers[] {
  const named = complete && rows.length <= NAMED
  const groups = new Map<string, PageRow[]>()
  for (const row of rows) {
    const key = `${laneOf(row)} ${row.revision} ${row.tries} ${row.step}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, [row])
    else same.push(row)
  }
  return [...groups.values()].map((group) => {
    group.sort((a, b) => a.id - b.id)
    const { revision, step, tries } = group[0]!
    const differences = (values: number[]) => values.map((value, i) => value - (values[i - 1] ?? 0))
    return {
      lane: laneOf(group[0]!),
      step,
      revision,
      ids: differences(group.map(({ id }) => id)),
      dues: differences(group.map(({ due }) => due)),
      ...(tries > 0 && { tries }),
      ...(named && { names: group.map(({ recipient }) => recipient) }),
    }
  })
}

/** The newest triggers with somebody pending, and the highest row id of any trigger of the run. */
async function newestOf(db: Database, workflowId: string): Promise<Pick<Page, 'triggers' | 'newest'>> {
  const rows = await query<{ id: string }>(
    db,
    sql`select t.workflow_run_id as id from triggers t join runs u on u.id = t.run_id
        cross join lateral (select 1 from recipient_runs r where ${isRowOf('r.id', 't.id')} and ${isPendingRow} limit 1) open
        where u.workflow_id = ${workflowId} and t.next_due is not null
        order by t.id desc limit ${TRIGGERS_SHOWN}`,
  )
  const [last] = await query<{ newest: number }>(
    db,
    sql`select ${rowAt('t.id', 't.recipient_count - 1')} as newest from triggers t join runs u on u.id = t.run_id
        where u.workflow_id = ${workflowId} order by t.id desc limit 1`,
  )
  return { triggers: rows.map(({ id }) => id).reverse(), newest: last?.newest ?? 0 }
}

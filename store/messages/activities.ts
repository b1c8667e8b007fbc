import { sql } from 'drizzle-orm'
import { triggerOf } from '../ids/row-id.ts'
import { query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'
import { dataConditions, messageData, type DataFilter } from './message-filter.ts'
import type { MessageRow } from './message-list.ts'
import { allOf, orderAndLimit, pageOfRows, windowConditions, type Order, type Page, type Window } from './page.ts'

/** One activity that a message contains. */
export interface ActivityRow {
  /** Of its recipient run. */
  row: number
  workflow_run_id: string
  actor: string | null
  data: JsonObject
  inserted_at: string
}

/** Of data, in one page: JSON’s UTF-16 units. An activity with more is a page of its own. */
const PAGE_UNITS = 8 * 1_024 * 1_024

/** Oldest first. */
const order: Order<ActivityRow> = {
  columns: [sql`r.id`],
  ascending: true,
  valueOf: ([row]) => sql`(${row}::bigint)`,
  positionOf: ({ row }) => [row],
}

/** A page of what a message contains: of a batch its activities as of the message’s revision, else that of its own run. */
export async function listActivities(
  db: Database,
  { recipient_run_id: own, batch_id: batch, batch_revision: revision }: MessageRow,
  filter: DataFilter | undefined,
  window: Window,
): Promise<Page<ActivityRow>> {
  const isIn =
    batch === null
      ? sql`r.id = ${own}`
      : sql`r.batch_id = ${batch} and (r.batch_left is null or r.batch_left > ${revision})`
  // What its steps laid over the data of an activity before it came to the batch: see steps/walk-data.ts.
  const data =
    batch === null ? messageData : sql`${messageData} || coalesce(r.state -> '$own_data', r.state -> '$data', '{}')`
  const conditions = [isIn, ...dataConditions(filter), ...windowConditions(window, order)]
  const rows = await query<ActivityRow & { more: boolean }>(
    db,
    sql`with page as (
          select found.*, row_number() over () as n from (
            select r.id as "row", t.workflow_run_id, t.actor, ${data} as data, t.data_size,
              ${isoText(sql`t.accepted_at`)} as inserted_at
            from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')}
            where ${allOf(conditions)} ${orderAndLimit(window, order)}
          ) as found
        ), sized as (
          select *, sum(data_size) over (order by n) as total, (select count(*) from page) as found from page
        ), shown as (select * from sized where n = 1 or (n <= ${window.size} and total <= ${PAGE_UNITS}))
        select "row", workflow_run_id, actor, data, inserted_at, found > (select max(n) from shown) as more
        from shown order by n`,
  )
  const more = rows[0]?.more ?? false
  const activities = rows.map(({ row, workflow_run_id, actor, data, inserted_at }) => {
    return { row, workflow_run_id, actor, data, inserted_at }
  })
  return pageOfRows<ActivityRow>(activities, more, window, order)
}

import { sql } from 'drizzle-orm'
import { json, query, type Database } from '../postgres/database.ts'
import { triggerIdOf, triggerOf } from '../ids/row-id.ts'
import type { Json } from '../schema/index.ts'

/**
 * What stands in the data of recipient runs under a key each, laid over as templates see it; by recipient run. One
 * statement. What is the trigger's is read once for all of its recipients, and is the same object for each.
 */
export async function loadDataUnder(
  db: Database,
  wanted: readonly { recipientRunId: number; key: string }[],
): Promise<Map<number, Json>> {
  if (wanted.length === 0) return new Map()
  const rows = await query<{ t: number | null; r: number | null; k: string; value: Json }>(
    db,
    sql`with x as (select * from jsonb_to_recordset(${json(wanted.map((each) => ({ r: each.recipientRunId, k: each.key })))}) as x(r bigint, k text))
        select t.id as t, null::bigint as r, asked.k, t.data -> asked.k as value
        from (select distinct ${triggerOf('x.r')} as id, k from x) asked join triggers t on t.id = asked.id
        where t.data ? asked.k
        union all
        select null, u.id, x.k, u.trigger_data -> x.k from x join recipient_runs u on u.id = x.r where u.trigger_data ? x.k`,
  )
  const own = new Map(rows.flatMap(({ r, value }) => (r === null ? [] : [[r, value] as const])))
  const shared = new Map(rows.flatMap(({ t, k, value }) => (t === null ? [] : [[`${t} ${k}`, value] as const])))
  return new Map(
    wanted.flatMap(({ recipientRunId, key }) => {
      const value = own.get(recipientRunId) ?? shared.get(`${triggerIdOf(recipientRunId)} ${key}`)
      return value === undefined ? [] : [[recipientRunId, value] as const]
    }),
  )
}

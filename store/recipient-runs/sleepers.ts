import { sql } from 'drizzle-orm'
import { toRanges, type Sleepers } from '../../workflows/messages.ts'
import { ids, query, type Database } from '../postgres/database.ts'
import { rowsOf, triggerOf } from '../ids/row-id.ts'

/** In runs this small signals name their recipients, so that timers and history do. */
export const NAMED = 50

export interface SleepingRow {
  id: number
  recipient: string
  /** Ref of the step to come. */
  step: string
  /** Epoch milliseconds. */
  due: number
  revision: number
}

/** Rows as a run is told of them: grouped by what they share, and named if they are few. */
export function sleepersOf(rows: SleepingRow[], named = rows.length <= NAMED): Sleepers[] {
  const groups = new Map<string, SleepingRow[]>()
  for (const row of rows) {
    const key = `${row.due} ${row.revision} ${row.step}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return [...groups.values()].map((group) => {
    group.sort((a, b) => a.id - b.id)
    const { step, due, revision } = group[0]!
    const names = named ? { names: group.map((row) => row.recipient) } : {}
    return { step, due, revision, rows: toRanges(group.map((row) => row.id)), ...names }
  })
}

export type RowNow = SleepingRow & { status: 'waiting' | 'claimed' | 'ended' | 'canceled' }

/** Rows by id, or all of one trigger, as they are now. */
export async function loadRowsNow(db: Database, which: readonly number[] | { triggerId: number }): Promise<RowNow[]> {
  const filter =
    'triggerId' in which
      ? sql`r.id between ${rowsOf(which.triggerId)[0]} and ${rowsOf(which.triggerId)[1]}`
      : sql`r.id = any(${ids(which)})`
  const rows = await query<RowNow>(
    db,
    sql`select r.id, r.recipient, r.revision, r.status, (extract(epoch from r.due) * 1000)::float8 as due,
          (d.content -> 'steps' -> r.step::int ->> 'ref') as step
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join definitions d on d.hash = t.definition_hash
        where ${filter} order by r.id`,
  )
  return rows.map((row) => ({ ...row, due: Math.round(row.due) }))
}

/** Still to be served. */
export function isPending(row: Pick<RowNow, 'status'>): boolean {
  return row.status === 'waiting' || row.status === 'claimed'
}

import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'

/** The step of a recipient run that triggered a workflow, as step-number.ts numbers it. `depth`: how many did in a row. */
export interface Cause {
  row: number
  step: number
  depth: number
}

/** The `workflow_run_id` of what a step has triggered. */
export async function triggerCausedBy(tx: Database, { row, step }: Cause): Promise<string | null> {
  const [found] = await query<{ id: string }>(
    tx,
    sql`select workflow_run_id as id from triggers where caused_by_row = ${row} and caused_by_step = ${step}`,
  )
  return found?.id ?? null
}

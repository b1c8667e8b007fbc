import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'

/** The step of a recipient run that triggered a workflow. `depth`: how many did in a row. */
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

/** Whether `owner` still holds the row and nobody canceled it: from then on a cancel waits for the transaction. */
export async function claimHolds(tx: Database, row: number, owner: string): Promise<boolean> {
  const [held] = await query(
    tx,
    sql`select 1 from recipient_runs where id = ${row} and status = 'claimed' and claim = ${owner} and cancel_id is null
        for update`,
  )
  return held !== undefined
}

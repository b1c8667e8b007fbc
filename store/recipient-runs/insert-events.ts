import { sql } from 'drizzle-orm'
import { at, json, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'

/** Those of a workflow are told of the run as a whole, whatever their `step`. */
type WalkEventName =
  | 'step_failed'
  | 'step_retried'
  | 'step_skipped'
  | 'step_decided'
  | 'step_warned'
  | 'step_conditions_held'
  | 'workflow_conditions_held'
  | 'workflow_skipped'
  | 'workflow_ended'

/** Something only an event of its own can tell. `step`: as step-number.ts numbers it. */
export interface WalkEvent {
  event: WalkEventName
  status: 'ok' | 'error'
  step: number
  attempt: number
  data: JsonObject
}

/** Records what recipient runs have to tell, in one statement. */
export async function insertWalkEvents(
  tx: Database,
  walks: readonly { id: number; events: readonly WalkEvent[] }[],
  now: number,
): Promise<void> {
  const rows = walks.flatMap(({ id, events }) => events.map((event) => ({ id, ...event })))
  if (rows.length === 0) return
  await tx.execute(
    sql`insert into recipient_run_events (recipient_run_id, event, status, step, attempt, data, inserted_at)
        select x.id, x.event, x.status, x.step, x.attempt, x.data, ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, event text, status text, step smallint, attempt smallint,
          data jsonb)`,
  )
}

import { sql } from 'drizzle-orm'
import { ids, query, type Database } from '../postgres/database.ts'
import { triggerIdOf } from '../ids/row-id.ts'
import type { JsonObject } from '../schema/index.ts'

export interface DeliveryRow {
  id: number
  recipient: string
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  step: number
  revision: number
  attempt: number
  /** Epoch milliseconds. */
  due: number
  claim: string | null
  claimAttempt: number
  canceling: boolean
  sent: number
  errorCount: number
  triggerData: JsonObject | null
}

export interface DeliveryTrigger {
  id: number
  workflowRunId: string
  definitionHash: string
  cancelationKey: string | null
  actor: string | null
  tenant: string | null
  data: JsonObject
  skipDelay: boolean
  sandboxMode: boolean
  acceptedAt: Date
}

export async function loadRows(db: Database, rowIds: readonly number[]): Promise<DeliveryRow[]> {
  const rows = await query<DeliveryRow>(
    db,
    sql`select id, recipient, status, step, revision, attempt, (extract(epoch from due) * 1000)::float8 as due, claim,
          claim_attempt as "claimAttempt", cancel_id is not null as canceling, sent, error_count as "errorCount",
          trigger_data as "triggerData"
        from recipient_runs where id = any(${ids(rowIds)}) order by id`,
  )
  return rows.map((row) => ({ ...row, due: Math.round(row.due) }))
}

/** The triggers of these rows. */
export async function loadTriggers(
  db: Database,
  rows: readonly { id: number }[],
): Promise<Map<number, DeliveryTrigger>> {
  const triggerIds = [...new Set(rows.map((row) => triggerIdOf(row.id)))]
  const found = await query<Omit<DeliveryTrigger, 'acceptedAt'> & { acceptedMs: number }>(
    db,
    sql`select t.id, t.workflow_run_id as "workflowRunId", t.definition_hash as "definitionHash",
          u.cancelation_key as "cancelationKey", t.actor, t.tenant, t.data, t.skip_delay as "skipDelay",
          t.sandbox_mode as "sandboxMode", (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from triggers t join runs u on u.id = t.run_id where t.id = any(${ids(triggerIds)})`,
  )
  return new Map(
    found.map(({ acceptedMs, ...trigger }) => [
      trigger.id,
      { ...trigger, acceptedAt: new Date(Math.round(acceptedMs)) },
    ]),
  )
}

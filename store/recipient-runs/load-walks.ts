import { sql } from 'drizzle-orm'
import { ids, query, type Database } from '../postgres/database.ts'
import { largeBytes } from '../postgres/large-bytes.ts'
import { triggerIdOf } from '../ids/row-id.ts'
import type { Via } from '../profiles/fan-out.ts'
import type { JsonObject } from '../schema/index.ts'

export interface RowToWalk {
  id: number
  recipient: string
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  /** Index of the step it stands in. */
  step: number
  phase: 'enter' | 'wait'
  /** Epoch milliseconds. */
  enteredAt: number
  revision: number
  attempt: number
  /** Epoch milliseconds; null while something else wakes it. */
  due: number | null
  /** Messages it has made so far. */
  messages: number
  errorCount: number
  /** The version it walks in; null: its trigger's. */
  definitionHash: string | null
  /** The batch its activity is in. */
  batchId: number | null
  /** State and the recipient's own data. Null, too, where they are large together: see `loadLarge`. */
  state: JsonObject | null
  triggerData: JsonObject | null
  /** Of both, in bytes; 0 where both are small. */
  ownSize: number
  /** How they came in, if they were not named. */
  via: Via | null
}

export interface WalkTrigger {
  /** W3C's traceparent, where it is traced. */
  trace?: string | null
  id: number
  workflowRunId: string
  definitionHash: string
  cancelationKey: string | null
  actor: string | null
  tenant: string | null
  data: JsonObject
  skipDelay: boolean
  sandboxMode: boolean
  /** How many workflows triggered each other before it. */
  depth: number
  acceptedAt: Date
}

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms))

/** What has more bytes is loaded only for those who walk at this moment: fetched data may be in it. */
const SMALL_OWN = 2_000
const ownSize = sql`(${largeBytes(sql`state`)} + ${largeBytes(sql`trigger_data`)})`

/** State and own data of those of these rows of which they are large. */
export async function loadLarge(
  db: Database,
  rows: readonly Pick<RowToWalk, 'id' | 'ownSize'>[],
): Promise<Map<number, Pick<RowToWalk, 'state' | 'triggerData'>>> {
  const large = rows.filter(({ ownSize }) => ownSize > SMALL_OWN).map(({ id }) => id)
  if (large.length === 0) return new Map()
  const found = await query<Pick<RowToWalk, 'id' | 'state' | 'triggerData'>>(
    db,
    sql`select id, state, trigger_data as "triggerData" from recipient_runs where id = any(${ids(large)})`,
  )
  return new Map(found.map(({ id, ...own }) => [id, own]))
}

/** These recipient runs as they stand, without a lock; ids that are none are left out. */
export async function loadRows(db: Database, rowIds: readonly number[]): Promise<RowToWalk[]> {
  const rows = await query<RowToWalk>(
    db,
    sql`select id, recipient, status, step, phase, (extract(epoch from entered_at) * 1000)::float8 as "enteredAt",
          revision, attempt, (extract(epoch from due) * 1000)::float8 as due, messages, error_count as "errorCount",
          definition_hash as "definitionHash", batch_id as "batchId",
          ${ownSize}::float8 as "ownSize", case when ${ownSize} <= ${SMALL_OWN} then state end as state,
          case when ${ownSize} <= ${SMALL_OWN} then trigger_data end as "triggerData", via
        from recipient_runs where id = any(${ids(rowIds)}) order by id`,
  )
  return rows.map((row) => ({ ...row, due: rounded(row.due), enteredAt: Math.round(row.enteredAt) }))
}

/** A trigger as far as whoever acts on its rows must know it before its data is loaded. */
export interface OwnTrigger {
  id: number
  workflowRunId: string
  acceptedAt: Date
  /** Length of its data as JSON. */
  dataSize: number
  /** W3C's traceparent, where it is traced. */
  trace: string | null
}

/** The triggers of these rows that belong to the run with this workflow ID: a row of another run has none here, and is left alone. */
export async function loadOwnTriggers(
  db: Database,
  workflowId: string,
  rowIds: Iterable<number>,
): Promise<Map<number, OwnTrigger>> {
  const triggerIds = [...new Set([...rowIds].map(triggerIdOf))]
  const found = await query<Omit<OwnTrigger, 'acceptedAt'> & { acceptedMs: number }>(
    db,
    sql`select t.id, t.workflow_run_id as "workflowRunId", t.data_size as "dataSize", t.trace,
          (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from triggers t join runs u on u.id = t.run_id
        where t.id = any(${ids(triggerIds)}) and u.workflow_id = ${workflowId}`,
  )
  return new Map(
    found.map(({ acceptedMs, ...trigger }) => [trigger.id, { ...trigger, acceptedAt: instantOf(acceptedMs) }]),
  )
}

/** What templates see of triggers. */
export async function loadTriggers(db: Database, triggerIds: readonly number[]): Promise<Map<number, WalkTrigger>> {
  const found = await query<Omit<WalkTrigger, 'acceptedAt'> & { acceptedMs: number }>(
    db,
    sql`select t.id, t.workflow_run_id as "workflowRunId", t.definition_hash as "definitionHash",
          u.cancelation_key as "cancelationKey", t.actor, t.tenant, t.data, t.skip_delay as "skipDelay",
          t.sandbox_mode as "sandboxMode", t.depth, t.trace, (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from triggers t join runs u on u.id = t.run_id where t.id = any(${ids(triggerIds)})`,
  )
  return new Map(
    found.map(({ acceptedMs, ...trigger }) => [trigger.id, { ...trigger, acceptedAt: instantOf(acceptedMs) }]),
  )
}

function instantOf(epochMs: number): Date {
  return new Date(Math.round(epochMs))
}

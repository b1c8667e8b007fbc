import { sql, type SQL } from 'drizzle-orm'
import { at, ids, query, texts, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { instantConditions, type InstantFilter } from '../messages/message-filter.ts'
import { allOf, orderAndLimit, pageOf, windowConditions, type Order, type Page, type Window } from '../messages/page.ts'
import { isRowOf, recipientRunUuid, rowOfUuid, triggerOf } from '../ids/row-id.ts'
import { workflowIdOf } from '../ids/workflow-id.ts'

/** Knock's words for where a recipient run stands. */
export const recipientRunStatuses = ['queued', 'processing', 'paused', 'completed', 'cancelled'] as const
export type RecipientRunStatus = (typeof recipientRunStatuses)[number]

/** Instants are ISO 8601. */
export interface RecipientRunRow {
  id: number
  recipient: string
  /** Key of the object as whose subscriber they came in; null: they were named. */
  via: string | null
  status: RecipientRunStatus
  /** Ref and type of the step it stands in, or of the one that was last. */
  step_ref: string | null
  step_type: string | null
  attempt: number
  due: string | null
  error_count: number
  reason: string | null
  canceled_by: string | null
  cancel_id: number | null
  updated_at: string
  workflow_run_id: string
  workflow: string
  cancelation_key: string | null
  /** The schedule whose occurrence its trigger is. */
  schedule_id: string | null
  actor: string | null
  tenant: string | null
  accepted_at: string
}

export interface RecipientRunFilter {
  workflow?: string | undefined
  cancelationKey?: string | undefined
  workflowRunId?: string | undefined
  recipient?: string | undefined
  tenant?: string | undefined
  statuses?: readonly RecipientRunStatus[] | undefined
  hasErrors?: boolean | undefined
  acceptedAt?: InstantFilter | undefined
}

const tables = sql`recipient_runs r
  join triggers t on t.id = ${triggerOf('r.id')} and ${isRowOf('r.id', 't.id')}
  join runs on runs.id = t.run_id
  join definitions d on d.hash = coalesce(r.definition_hash, t.definition_hash)`

/** A carrier whose activity was taken back is canceled, though it walks on for the others of its batch. */
const statusNow = sql`case when r.cancel_id is not null and r.batch_id is not null and r.status in ('waiting', 'claimed')
  then 'canceled' else r.status::text end`

/** A waiting row sleeps until its due instant, or, without one, until something else wakes it. */
const statusText = (now: number) => sql`case ${statusNow}
  when 'waiting' then case when r.due is null or r.due > ${at(now)} then 'paused' else 'queued' end
  when 'claimed' then 'processing' when 'ended' then 'completed' else 'cancelled' end`

const ofMessages = (status: SQL) => sql`select m.reason from messages m where m.recipient_run_id = r.id and ${status}
  order by m.number desc limit 1`

/**
 * Of a canceled row why it was canceled, whatever went wrong before. Else the walk's failure, or the last message's, or a
 * refusal that a message waits after; or, while nothing has reached the recipient, why the last message was not sent.
 */
const reasonText = sql`case when ${statusNow} = 'canceled' then (select c.reason from cancels c where c.id = r.cancel_id)
  when r.error_count > 0 then r.reason
  else coalesce((${ofMessages(sql`m.status = 'undelivered'`)}),
    (${ofMessages(sql`m.status = 'queued' and m.attempt > 0`)}),
    case when not exists (select from messages m where m.recipient_run_id = r.id
      and m.status in ('sent', 'delivered', 'delivery_attempted', 'bounced'))
      then (${ofMessages(sql`m.status = 'not_sent'`)}) end,
    r.reason) end`

/** The name of the key that canceled it, or the part of Belay. */
const canceledBy = sql`case when ${statusNow} = 'canceled' then (select c.api_key from cancels c where c.id = r.cancel_id) end`

/** Steps that failed, and messages that were not delivered. */
const errorCount = sql`(r.error_count + (
  select count(*) from messages m where m.recipient_run_id = r.id and m.status = 'undelivered'))::int`

const columns = (now: number) => sql`r.id, r.recipient, r.via ->> 'from' as via, ${statusText(now)} as status,
  d.content->'steps'->r.step->>'ref' as step_ref, d.content->'steps'->r.step->>'type' as step_type, r.attempt,
  ${isoText(sql`r.due`)} as due, ${errorCount} as error_count, ${reasonText} as reason,
  ${canceledBy} as canceled_by, r.cancel_id, ${isoText(sql`r.updated_at`)} as updated_at,
  t.workflow_run_id, runs.definition_key as workflow, runs.cancelation_key, t.schedule_id, t.actor, t.tenant,
  ${isoText(sql`t.accepted_at`)} as accepted_at`

/** Row ids grow as triggers are accepted. */
const order: Order<RecipientRunRow> = {
  columns: [sql`r.id`],
  valueOf: ([id]) => sql`(${id}::bigint)`,
  positionOf: (row) => [row.id],
}

/** A page of the recipient runs a filter names, newest first. `now`, epoch milliseconds, decides who is asleep. */
export async function listRecipientRuns(
  db: Database,
  filter: RecipientRunFilter,
  window: Window,
  now: number,
): Promise<Page<RecipientRunRow>> {
  const { cancelationKey, workflow } = filter
  const conditions = [...conditionsOf(filter, now), ...windowConditions(window, order)]
  if (cancelationKey !== undefined) {
    conditions.push(sql`t.run_id = any(${ids(await runsOfKey(db, cancelationKey, workflow))})`)
  }
  const found = await query<RecipientRunRow>(
    db,
    sql`select ${columns(now)} from ${tables} where ${allOf(conditions)} ${orderAndLimit(window, order)}`,
  )
  return pageOf(found, window, order)
}

/** The recipient run with this public id; undefined if there is none. */
export async function findRecipientRun(db: Database, uuid: string, now: number): Promise<RecipientRunRow | undefined> {
  const id = rowOfUuid(uuid)
  if (id === null) return undefined
  const rows = await query<RecipientRunRow>(db, sql`select ${columns(now)} from ${tables} where r.id = ${id}`)
  const row = rows[0]
  // The id was made up if the row's own is another.
  return row !== undefined && recipientRunUuid(row.workflow_run_id, row.id) === uuid.toLowerCase() ? row : undefined
}

/** By row id, in no order; what is gone is left out. */
export async function loadRecipientRuns(
  db: Database,
  rowIds: readonly number[],
  now: number,
): Promise<RecipientRunRow[]> {
  return query<RecipientRunRow>(db, sql`select ${columns(now)} from ${tables} where r.id = any(${ids(rowIds)})`)
}

function conditionsOf(filter: RecipientRunFilter, now: number): SQL[] {
  const { workflow, workflowRunId, recipient, tenant, statuses, hasErrors, acceptedAt } = filter
  const conditions: SQL[] = instantConditions(sql`t.accepted_at`, acceptedAt)
  if (workflow !== undefined) conditions.push(sql`runs.definition_key = ${workflow}`)
  if (workflowRunId !== undefined) conditions.push(sql`t.workflow_run_id = ${workflowRunId}::uuid`)
  if (recipient !== undefined) conditions.push(sql`r.recipient = ${recipient}`)
  if (tenant !== undefined) conditions.push(sql`t.tenant = ${tenant}`)
  if (statuses !== undefined) conditions.push(sql`${statusText(now)} = any(${texts(statuses)})`)
  if (hasErrors !== undefined) conditions.push(hasErrors ? sql`${errorCount} > 0` : sql`${errorCount} = 0`)
  return conditions
}

/** Found by the unique workflow IDs, one for each definition there ever was: keys have no index of their own. */
async function runsOfKey(db: Database, cancelationKey: string, workflow: string | undefined): Promise<number[]> {
  const keys =
    workflow === undefined
      ? (await query<{ key: string }>(db, sql`select distinct key from definitions`)).map((row) => row.key)
      : [workflow]
  const workflowIds = keys.map((key) => workflowIdOf(key, { cancelationKey }))
  const runs = await query<{ id: number }>(db, sql`select id from runs where workflow_id = any(${texts(workflowIds)})`)
  return runs.map((run) => run.id)
}

import { sql } from 'drizzle-orm'
import { triggerOf } from '../store/ids/row-id.ts'
import { query, type Database } from '../store/postgres/database.ts'
import type { JsonObject } from '../store/schema/index.ts'

/** A recipient run as a rehearsal finds it. */
export interface RowState {
  id: number
  workflow: string
  workflowId: string
  recipient: string
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  reason: string | null
  errors: number
  /** Ref of the step it stands in. */
  ref: string
  phase: 'enter' | 'wait'
  /** Epoch milliseconds. */
  due: number | null
  /** Its activity is in a batch that another carries. */
  isMember: boolean
  /** Its last event. */
  last: { event: string; data: JsonObject | null } | null
}

export interface MessageState {
  row: number
  number: number
  ref: string
  status: string
  reason: string | null
  /** As message-id.ts needs it. */
  workflowRunId: string
  acceptedAt: Date
}

/** The newest trigger so far, or 0: those after it are a rehearsal's own. */
export async function newestTrigger(db: Database): Promise<number> {
  const [found] = await query<{ id: number }>(db, sql`select coalesce(max(id), 0)::int as id from triggers`)
  return found!.id
}

/** Ids of the triggers accepted after this one, in their order. */
export async function triggersAfter(db: Database, trigger: number): Promise<number[]> {
  const found = await query<{ id: number }>(
    db,
    sql`select id::float8 as id from triggers where id > ${trigger} order by id`,
  )
  return found.map(({ id }) => id)
}

/** All recipient runs of triggers after this one, as they stand. */
export async function rowStates(db: Database, after: number): Promise<RowState[]> {
  const found = await query<Omit<RowState, 'due'> & { due: number | null }>(
    db,
    sql`select r.id::float8 as id, u.definition_key as workflow, u.workflow_id as "workflowId", r.recipient, r.status, r.phase, r.reason,
          r.error_count as errors, (d.content -> 'steps' -> r.step::int ->> 'ref') as ref,
          (extract(epoch from r.due) * 1000)::float8 as due,
          (b.id is not null and b.carrier <> r.id) as "isMember",
          (select jsonb_build_object('event', e.event, 'data', e.data) from recipient_run_events e where e.recipient_run_id = r.id order by e.id desc limit 1) as last
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join runs u on u.id = t.run_id
          join definitions d on d.hash = coalesce(r.definition_hash, t.definition_hash)
          left join batches b on b.id = r.batch_id
        where t.id > ${after} order by r.id`,
  )
  return found.map((row) => ({ ...row, due: row.due === null ? null : Math.round(row.due) }))
}

/** All messages of triggers after this one, as they are. */
export async function messageStates(db: Database, after: number): Promise<MessageState[]> {
  const found = await query<Omit<MessageState, 'acceptedAt'> & { acceptedAt: number }>(
    db,
    sql`select m.recipient_run_id::float8 as row, m.number, m.step_ref as ref, m.status, m.reason,
          t.workflow_run_id as "workflowRunId", (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedAt"
        from messages m join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
        where t.id > ${after} order by m.recipient_run_id, m.number`,
  )
  return found.map((message) => ({ ...message, acceptedAt: new Date(Math.round(message.acceptedAt)) }))
}

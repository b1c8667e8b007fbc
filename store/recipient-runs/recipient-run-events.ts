import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { MessageStatus } from '../messages/message-filter.ts'
import { triggerOf } from '../ids/row-id.ts'
import { stepIndex, stepNumbered } from './step-number.ts'
import type { JsonObject } from '../schema/index.ts'

export interface RecordedEvent {
  id: number
  /** Index of its step, in the version that the run was in. */
  step: number
  event: string
  status: string
  step_ref: string | null
  step_type: string | null
  attempt: number
  data: JsonObject | null
  inserted_at: string
}

export interface ProducedMessage {
  number: number
  /** Index of its step, likewise. */
  step: number
  step_ref: string
  status: MessageStatus
  reason: string | null
  inserted_at: string
}

export interface RecordedCancel {
  api_key: string
  reason: string | null
  created_at: string
}

/** The batch of another's that it joined. */
export interface RecordedJoin {
  /** The row that goes on for it, and its trigger. */
  carrier: number
  workflow_run_id: string
  closes_at: string
  inserted_at: string
}

/** What one recipient run left behind, each oldest first. */
export interface RecipientRunTrace {
  events: RecordedEvent[]
  messages: ProducedMessage[]
  cancel: RecordedCancel | undefined
  join: RecordedJoin | undefined
}

/** What is on record of a recipient run: its events, its messages, its cancel, and the batch that it joined. */
export async function traceOf(db: Database, run: { id: number; cancel_id: number | null }): Promise<RecipientRunTrace> {
  const events = await query<RecordedEvent>(
    db,
    sql`select e.id, ${stepIndex(sql`e.step`)} as step, e.event, e.status, s.told->>'ref' as step_ref, s.told->>'type' as step_type, e.attempt, e.data, ${isoText(sql`e.inserted_at`)} as inserted_at
      from recipient_run_events e
      join triggers t on t.id = ${triggerOf('e.recipient_run_id')}
      join recipient_runs r on r.id = e.recipient_run_id
      join definitions d on d.hash = t.definition_hash
      left join definitions m on m.hash = r.definition_hash
      left join lateral (
        select ${stepNumbered(sql`e.step`, { first: sql`d.content`, moved: sql`m.content` })} as told
        where not starts_with(e.event, 'workflow_')
      ) s on true
      where e.recipient_run_id = ${run.id} order by e.id`,
  )
  const messages = await query<ProducedMessage>(
    db,
    sql`select number, step, step_ref, status, reason, ${isoText(sql`inserted_at`)} as inserted_at
      from messages where recipient_run_id = ${run.id} order by number`,
  )
  const cancels = await query<RecordedCancel>(
    db,
    sql`select api_key, reason, ${isoText(sql`created_at`)} as created_at from cancels where id = ${run.cancel_id}`,
  )
  const joins = await query<RecordedJoin>(
    db,
    sql`select c.id as carrier, t.workflow_run_id, ${isoText(sql`b.closes_at`)} as closes_at, ${isoText(sql`r.entered_at`)} as inserted_at
      from recipient_runs r join batches b on b.id = r.batch_id
      join recipient_runs c on c.id = b.carrier and c.id <> r.id
      join triggers t on t.id = ${triggerOf('c.id')}
      where r.id = ${run.id}`,
  )
  return { events, messages, cancel: cancels[0], join: joins[0] }
}

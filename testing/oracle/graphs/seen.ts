import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../../../store/postgres/database.ts'
import { stepNumbered } from '../../../store/recipient-runs/step-number.ts'

/** What the store has of one recipient run: where it stood, what it told, what it made. Instants are epoch milliseconds. */
export interface Row {
  id: number
  recipient: string
  definition: string
  /** Hashes of the version it began in, and of the one it went on in when its batch closed. */
  began: string
  movedTo: string | null
  skipsDelays: boolean
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  ref: string
  phase: 'enter' | 'wait'
  due: number | null
  enteredAt: number
  acceptedAt: number
  canceling: boolean
  errors: number
  batch: number | null
  data: { kind?: 'a' | 'b'; shared?: boolean }
  causedBy: { row: number; ref: string } | null
}

export interface Told {
  row: number
  ref: string
  event: string
  data: { reason?: string; [name: string]: unknown }
  at: number
}

export interface Message {
  row: number
  number: number
  ref: string
  type: string
  status: string
  at: number
  batch: number | null
  /** What it shows of its activities. */
  text: string
}

export interface BatchSeen {
  id: number
  ref: string
  carrier: number | null
  items: number
  openedAt: number
  closesAt: number
  isClosed: boolean
  isSettled: boolean
}

const ms = (column: string) => sql.raw(`round(extract(epoch from ${column}) * 1000)::float8`)

/** Everybody's recipient runs, in the order of their ids. Refs are those of the version each walks in. */
export function loadRows(db: Database, recipients: readonly string[]): Promise<Row[]> {
  return query<Row>(
    db,
    sql`select r.id, r.recipient, u.definition_key as definition, r.status, r.phase, ${ms('r.due')} as due,
          ${ms('r.entered_at')} as "enteredAt", ${ms('t.accepted_at')} as "acceptedAt", r.cancel_id is not null as canceling,
          r.error_count as errors, r.batch_id as batch, t.data,
          t.definition_hash as began, r.definition_hash as "movedTo", t.skip_delay as "skipsDelays",
          d.content -> 'steps' -> r.step::int ->> 'ref' as ref,
          case when c.id is not null then jsonb_build_object('row', c.id, 'ref', ${refOf('t.caused_by_step', 'c')}) end as "causedBy"
        from recipient_runs r join triggers t on t.id = r.id / 131072 join runs u on u.id = t.run_id
          join definitions d on d.hash = coalesce(r.definition_hash, t.definition_hash)
          left join recipient_runs c on c.id = t.caused_by_row
        where r.recipient = any(${texts(recipients)}) order by r.id`,
  )
}

export function loadTold(db: Database, recipients: readonly string[]): Promise<Told[]> {
  return query<Told>(
    db,
    sql`select r.id as row, ${refOf('e.step', 'r')} as ref, e.event, coalesce(e.data, '{}') as data, ${ms('e.inserted_at')} as at
        from recipient_run_events e join recipient_runs r on r.id = e.recipient_run_id
        where r.recipient = any(${texts(recipients)}) and e.event in ('step_decided', 'step_skipped', 'step_retried', 'step_failed',
            'workflow_ended')
        order by e.id`,
  )
}

export function loadMessages(db: Database, recipients: readonly string[]): Promise<Message[]> {
  return query<Message>(
    db,
    sql`select recipient_run_id as row, number, step_ref as ref, channel_type as type, status, ${ms('inserted_at')} as at, batch_id as batch,
          coalesce(content ->> 'subject_line', content -> 'blocks' -> 0 ->> 'content', content ->> 'body',
            content -> 'template' -> 'blocks' -> 0 ->> 'content') as text
        from messages where recipient = any(${texts(recipients)}) order by recipient_run_id, number`,
  )
}

export function loadBatches(db: Database, recipients: readonly string[]): Promise<BatchSeen[]> {
  return query<BatchSeen>(
    db,
    sql`select id, step_ref as ref, carrier, items, ${ms('opened_at')} as "openedAt", ${ms('closes_at')} as "closesAt",
          closed_at is not null as "isClosed", is_settled as "isSettled"
        from batches where recipient = any(${texts(recipients)}) order by id`,
  )
}

/** The ref of a step of a row, by its number. */
function refOf(step: string, row: string) {
  const told = stepNumbered(sql.raw(step), { first: sql`first.content`, moved: sql`moved.content` })
  return sql`(select ${told} ->> 'ref' from triggers own join definitions first on first.hash = own.definition_hash
    left join definitions moved on moved.hash = ${sql.raw(row)}.definition_hash where own.id = ${sql.raw(row)}.id / 131072)`
}

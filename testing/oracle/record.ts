import { sql } from 'drizzle-orm'
import { ids, query, type Database } from '../../store/postgres/database.ts'

/** A message as the store has it. Instants are epoch milliseconds. */
export interface MessageSeen {
  row: number
  number: number
  step: number
  channelType: string
  status: 'queued' | 'sent' | 'delivered' | 'delivery_attempted' | 'undelivered' | 'not_sent' | 'bounced'
  /** When it was made. */
  at: number
  due: number | null
  attempt: number
  revision: number
  claim: string | null
  leaseUntil: number | null
  canceling: boolean
  /** A try of it may have arrived, and nobody knows. */
  mayHaveBeenSent: boolean
}

/** A recipient run as the store has it, with its messages in the order of their numbers. */
export interface RowSeen {
  id: number
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  step: number
  phase: 'enter' | 'wait'
  due: number | null
  revision: number
  errors: number
  canceling: boolean
  /** Who canceled it: an api key, or `temporal` for a cancel by hand. */
  by: string | null
  messages: MessageSeen[]
}

const ms = (column: string) => sql.raw(`round(extract(epoch from ${column}) * 1000)::float8`)

/** In the order of their ids. Within a transaction that has locked them it is what they are until it ends. */
export async function loadSeen(db: Database, rows: readonly number[]): Promise<RowSeen[]> {
  const found = await query<Omit<RowSeen, 'messages'>>(
    db,
    sql`select r.id, r.status, r.step, r.phase, ${ms('r.due')} as due, r.revision, r.error_count as errors,
          r.cancel_id is not null as canceling, c.api_key as by
        from recipient_runs r left join cancels c on c.id = r.cancel_id where r.id = any(${ids(rows)}) order by r.id`,
  )
  const messages = await loadMessagesSeen(db, rows)
  return found.map((row) => ({ ...row, messages: messages.filter((message) => message.row === row.id) }))
}

async function loadMessagesSeen(db: Database, rows: readonly number[]): Promise<MessageSeen[]> {
  return query<MessageSeen>(
    db,
    sql`select recipient_run_id as row, number, step, channel_type as "channelType", status, ${ms('inserted_at')} as at,
          ${ms('due')} as due, attempt, revision, claim, ${ms('lease_until')} as "leaseUntil",
          cancel_id is not null as canceling, may_have_been_sent as "mayHaveBeenSent"
        from messages where recipient_run_id = any(${ids(rows)}) order by recipient_run_id, number`,
  )
}

/** Whether it reached its recipient, or may have. */
export function isReached({ status }: MessageSeen): boolean {
  return status === 'sent' || status === 'delivered' || status === 'delivery_attempted'
}

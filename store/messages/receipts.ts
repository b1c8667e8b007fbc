import { sql } from 'drizzle-orm'
import { triggerOf } from '../ids/row-id.ts'
import type { MessageKey } from '../ids/message-id.ts'
import { at, json, query, type Database } from '../postgres/database.ts'
import { messageIdOf, type Identity } from './message-list.ts'

/** A message whose provider is to be asked what became of it. */
export interface DueReceipt extends MessageKey {
  messageId: string
  externalId: string
  channelId: string
  recipient: string
  /** The device it went to; null: it says none. */
  token: string | null
}

/** Asked for again after 15 minutes, then after twice as long each time: seven times, over 16 hours. */
const FIRST_AGAIN_MS = 15 * 60_000
const MOST = 7

type Taken = Omit<DueReceipt, 'messageId'> & Omit<Identity, 'recipient_run_id'>

/**
 * Takes up to `limit` receipts that are due, the earliest first: until they are forgotten they are due again later, whatever
 * becomes of who took them. Those asked for in vain too often are forgotten.
 */
export async function takeReceipts(db: Database, limit: number, now: number): Promise<DueReceipt[]> {
  await db.execute(sql`delete from receipts where due <= ${at(now)} and asked >= ${MOST}`)
  const rows = await query<Taken>(
    db,
    sql`with due as (
          select recipient_run_id, number from receipts where due <= ${at(now)}
          order by due, recipient_run_id, number limit ${limit} for update skip locked
        ), taken as (
          update receipts r set asked = r.asked + 1,
            due = ${at(now)} + ${FIRST_AGAIN_MS} * (2 ^ r.asked) * interval '1 millisecond'
          from due where r.recipient_run_id = due.recipient_run_id and r.number = due.number
          returning r.recipient_run_id, r.number
        )
        select m.recipient_run_id as "recipientRunId", m.number, m.recipient, m.external_id as "externalId",
          m.channel_id as "channelId", case when m.content ->> 'token_deregistration' is distinct from 'false' then m.content ->> 'token' end as token, t.workflow_run_id,
          to_char(t.accepted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as accepted_at
        from taken join messages m on m.recipient_run_id = taken.recipient_run_id and m.number = taken.number
          join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
        where m.external_id is not null order by m.recipient_run_id, m.number`,
  )
  return rows.map(({ workflow_run_id, accepted_at, ...row }) => ({
    ...row,
    messageId: messageIdOf({ ...row, workflow_run_id, accepted_at, recipient_run_id: row.recipientRunId }),
  }))
}

/** Asks for these no more: what they say is recorded. */
export async function forgetReceipts(db: Database, keys: readonly MessageKey[]): Promise<void> {
  if (keys.length === 0) return
  const rows = keys.map(({ recipientRunId: r, number: n }) => ({ r, n }))
  await db.execute(
    sql`delete from receipts where (recipient_run_id, number) in (
          select x.r, x.n from jsonb_to_recordset(${json(rows)}) as x(r bigint, n smallint))`,
  )
}

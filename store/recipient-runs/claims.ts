import { sql } from 'drizzle-orm'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import type { DeliveryRow } from './deliveries.ts'

/** Which activity holds a claim, and in which attempt. */
export interface Holder {
  claim: string
  attempt: number
}

/**
 * Before a retried activity does anything: from here on an earlier attempt of it, stalled and now awake, claims nothing
 * more. What it had claimed stays claimed, since it may have been sent.
 */
export async function fence(db: Database, rowIds: readonly number[], holder: Holder): Promise<void> {
  await db.execute(
    sql`update recipient_runs set claim = ${holder.claim}, claim_attempt = ${holder.attempt}
        where id = any(array(
          select id from recipient_runs where id = any(${ids(rowIds)}) and status = 'waiting' order by id for update
        ))`,
  )
}

/** No send outlives its claim by this much: the worker that held an older one is gone. */
const LOST_AFTER_MS = 30_000

/**
 * Takes over what was claimed for an execution other than `holder`'s, long ago: a reset had ended that execution, and
 * with it the retries of its activity. As after a lost attempt, it may have been sent.
 */
export async function adopt(db: Database, rowIds: readonly number[], holder: Holder, now: number): Promise<void> {
  await db.execute(
    sql`update recipient_runs set claim = ${holder.claim}, claim_attempt = ${holder.attempt - 1}
        where id = any(array(
          select id from recipient_runs
          where id = any(${ids(rowIds)}) and status = 'claimed' and updated_at < ${at(now - LOST_AFTER_MS)}
            and split_part(claim, ':', 1) <> ${executionOf(holder.claim)}
          order by id for update
        ))`,
  )
}

/** Claims are `execution:activity`. */
export function executionOf(claim: string): string {
  return claim.split(':', 1)[0]!
}

export interface NewMessage {
  step: number
  stepRef: string
  channelId: string
  content: object
}

/**
 * Claims one row for one send, and writes its message. False: somebody else had it first (a cancel, a move, another
 * attempt), and nothing may be sent. A claim left by an earlier attempt of the same activity is taken over.
 */
export async function claim(
  db: Database,
  row: Pick<DeliveryRow, 'id' | 'revision'>,
  message: NewMessage,
  holder: Holder,
  now: number,
): Promise<boolean> {
  const claimed = await query(
    db,
    sql`with claimed as (
          update recipient_runs r set status = 'claimed', claim = ${holder.claim}, claim_attempt = ${holder.attempt},
            updated_at = ${at(now)}
          where r.id = ${row.id} and r.revision = ${row.revision} and r.cancel_id is null and (
            (r.status = 'waiting' and (r.claim is distinct from ${holder.claim} or r.claim_attempt <= ${holder.attempt}))
            or (r.status = 'claimed' and r.claim = ${holder.claim} and r.claim_attempt < ${holder.attempt}))
          returning r.id, r.recipient
        )
        insert into messages (recipient_run_id, step, step_ref, recipient, channel_id, status, content, inserted_at, updated_at)
        select id, ${message.step}::smallint, ${message.stepRef}, recipient, ${message.channelId}::uuid, 'queued',
          ${json(message.content)}, ${at(now)}, ${at(now)} from claimed
        on conflict (recipient_run_id, step) do update set content = excluded.content, updated_at = excluded.updated_at
        returning recipient_run_id`,
  )
  return claimed.length > 0
}

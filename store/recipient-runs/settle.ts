import { sql } from 'drizzle-orm'
import type { Holder, NewMessage } from './claims.ts'
import { at, ids, json, query, transaction, type Database } from '../postgres/database.ts'
import { silent, tell } from '../../events/outbox.ts'
import { prepared } from '../postgres/statement.ts'
import { triggerOf } from '../ids/row-id.ts'
import type { JsonObject } from '../schema/index.ts'
import { eventsOf } from '../../events/settlement-events.ts'

/** What a step left behind for one recipient. */
export interface Settlement {
  id: number
  /** The revision it was carried out under. */
  revision: number
  status: 'waiting' | 'ended'
  /** The step to come, or the one that was last. */
  step: number
  /** Epoch milliseconds. */
  due: number
  attempt: number
  /** Messages that reached the recipient by this step: 0 or 1. */
  sent: number
  errors: number
  reason: string | null
  message?: SettledMessage
  event?: { event: string; status: 'ok' | 'error'; step: number; attempt: number; data: JsonObject }
}

export interface SettledMessage extends NewMessage {
  recipient: string
  status: 'queued' | 'sent' | 'delivered' | 'delivery_attempted' | 'undelivered' | 'not_sent'
  reason: string | null
  externalId: string | null
}

/**
 * Settles many rows in one transaction: rows locked in order, then messages, rows and events written. With `holder`,
 * rows this activity claimed, under this attempt; without, rows nobody has claimed: claim and settlement in one. Only
 * rows still as they were are settled; answers which, and whether a cancel had come while they were claimed.
 */
export async function settle(
  db: Database,
  settlements: readonly Settlement[],
  holder: Holder | null,
  now: number,
  outbox = silent,
): Promise<Map<number, { canceled: boolean }>> {
  if (settlements.length === 0) return new Map()
  return transaction(db, async (tx) => {
    const held =
      holder === null
        ? sql`status = 'waiting'`
        : sql`status = 'claimed' and claim = ${holder.claim} and claim_attempt = ${holder.attempt}`
    const locked = await query<LockedRow>(
      tx,
      sql`select id, revision, error_count as "errorCount", cancel_id is not null as canceling,
            cancel_id is not null and step < (select last_send from triggers t where t.id = ${triggerOf('recipient_runs.id')}) as told
          from recipient_runs where id = any(${ids(settlements.map(({ id }) => id))}) and ${held} order by id for update`,
    )
    const found = new Map(locked.map((row) => [row.id, row]))
    const settled = settlements
      .filter(({ id, revision }) => found.get(id)?.revision === revision)
      .map((settlement) => asCanceled(settlement, found.get(settlement.id)!))
    if (settled.length === 0) return new Map<number, { canceled: boolean }>()
    await writeMessages(tx, settled, now)
    await writeRows(tx, settled, now)
    await writeEvents(tx, settled, now)
    await tell(tx, outbox, now, () => settled.flatMap((settlement) => eventsOf(settlement, found.get(settlement.id)!)))
    // A cancel takes effect here for what was claimed when it came: the row goes no further.
    return new Map(
      settled.map(({ id, status }) => [id, { canceled: found.get(id)!.canceling && status === 'waiting' }]),
    )
  })
}

/** A row as it was found, locked. */
interface LockedRow {
  id: number
  revision: number
  errorCount: number
  /** Canceled while claimed. */
  canceling: boolean
  /** And its cancel was answered `canceled`, since more was to come: that it stays, however this step ended. */
  told: boolean
}

/** A canceled row is not tried again: a message that waited for its next try ends here. */
function asCanceled(settlement: Settlement, { canceling, told }: LockedRow): Settlement {
  if (!canceling) return settlement
  const { message } = settlement
  return {
    ...settlement,
    status: told ? 'waiting' : settlement.status,
    message: message?.status === 'queued' ? { ...message, status: 'undelivered' } : message,
  }
}

async function writeMessages(tx: Database, settled: readonly Settlement[], now: number): Promise<void> {
  const rows = settled.flatMap(({ id, message }) => (message === undefined ? [] : [{ id, ...message }]))
  if (rows.length === 0) return
  await query(
    tx,
    prepared(
      'settle_messages',
      sql`insert into messages (recipient_run_id, step, step_ref, recipient, channel_id, status, content, reason, external_id,
          inserted_at, updated_at, settled_at)
        select x.id, x.step, x."stepRef", x.recipient, x."channelId", x.status::message_status, x.content, x.reason,
          x."externalId", ${at(now)}, ${at(now)}, case when x.status <> 'queued' then ${at(now)} end
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, step smallint, "stepRef" text, recipient text,
          "channelId" uuid, status text, content jsonb, reason text, "externalId" text)
        on conflict (recipient_run_id, step) do update set status = excluded.status,
          content = messages.content || excluded.content, reason = excluded.reason, external_id = excluded.external_id, updated_at = excluded.updated_at,
          settled_at = excluded.settled_at`,
    ),
  )
}

/**
 * The last failure's; else, in a backoff, the refusal; else why nothing has reached them so far, until something does.
 * Postgres reads `r` as the row was.
 */
const reason = sql`case
  when x.errors > 0 then x.reason
  when r.error_count > 0 then r.reason
  when x.w and x.attempt > 0 then x.reason
  when r.sent + x.sent > 0 then null
  else coalesce(x.reason, r.reason) end`

async function writeRows(tx: Database, settled: readonly Settlement[], now: number): Promise<void> {
  const rows = settled.map(({ id, status, step, due, attempt, sent, errors, reason }) => {
    return { id, w: status === 'waiting', step, due, attempt, sent, errors, reason }
  })
  await tx.execute(
    sql`update recipient_runs r set
          status = case when not x.w then 'ended' when r.cancel_id is null then 'waiting' else 'canceled' end::recipient_run_status,
          step = x.step, due = to_timestamp(x.due / 1000.0), attempt = x.attempt, sent = r.sent + x.sent,
          error_count = r.error_count + x.errors, reason = ${reason}, revision = r.revision + 1,
          claim = null, claim_attempt = 0, updated_at = ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, w boolean, step smallint, due float8, attempt smallint,
          sent smallint, errors smallint, reason text)
        where r.id = x.id`,
  )
}

async function writeEvents(tx: Database, settled: readonly Settlement[], now: number): Promise<void> {
  const rows = settled.flatMap(({ id, event }) => (event === undefined ? [] : [{ id, ...event }]))
  if (rows.length === 0) return
  await tx.execute(
    sql`insert into recipient_run_events (recipient_run_id, event, status, step, attempt, data, inserted_at)
        select x.id, x.event, x.status, x.step, x.attempt, x.data, ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, event text, status text, step smallint, attempt smallint,
          data jsonb)`,
  )
}

import { sql } from 'drizzle-orm'
import { messageTryEvents, type TryOutcome } from '../../events/message-events.ts'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import type { MessageKey } from '../ids/message-id.ts'
import { at, json, query, transaction, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'

export interface TrySettlement extends MessageKey {
  outcome: TryOutcome
  /** What the channel added to the content: an e-mail's to, from and reply_to. */
  filled?: JsonObject
  /** What is kept of the try; absent: nothing reached out. */
  log?: TryLog
  /** When the provider can be asked what became of it, epoch milliseconds; absent: it tells by itself, or never. */
  receiptDue?: number
}

export interface TryLog {
  outcome: string
  service: string
  reply: string | null
  exchanges: readonly object[]
}

export interface SettledTry extends MessageKey {
  status: 'queued' | 'sent' | 'delivered' | 'delivery_attempted' | 'undelivered' | 'not_sent'
  stepRef: string
  revision: number
  attempt: number
  /** A cancel had come while it was being sent. */
  canceled: boolean
}

interface LockedMessage extends MessageKey {
  stepRef: string
  revision: number
  attempt: number
  canceled: boolean
  mayHaveBeenSent: boolean
}

/**
 * Records how tries ended, in one transaction, for messages that `owner` still holds: nobody else may have taken them
 * over. A message that a cancel marked meanwhile is not tried again: it ends as `not_sent`. What an earlier try may have
 * sent ends as `delivery_attempted` instead of as not sent or undelivered. Answers what was recorded.
 */
export async function settleMessages(
  db: Database,
  settlements: readonly TrySettlement[],
  owner: string,
  now: number,
  outbox = noOutbox,
): Promise<SettledTry[]> {
  if (settlements.length === 0) return []
  return transaction(db, async (tx) => {
    const keys = settlements.map(({ recipientRunId: r, number: n }) => ({ r, n }))
    const locked = await query<LockedMessage>(
      tx,
      sql`select m.recipient_run_id as "recipientRunId", m.number, m.step_ref as "stepRef", m.revision, m.attempt,
            m.cancel_id is not null as canceled, m.may_have_been_sent as "mayHaveBeenSent"
          from messages m join jsonb_to_recordset(${json(keys)}) as x(r bigint, n smallint)
            on m.recipient_run_id = x.r and m.number = x.n
          where m.status = 'queued' and m.claim = ${owner}
          order by m.recipient_run_id, m.number for update of m`,
    )
    const found = new Map(locked.map((message) => [keyText(message), message]))
    const settled = settlements.flatMap((settlement) => {
      const message = found.get(keyText(settlement))
      return message === undefined ? [] : [settle(settlement, message)]
    })
    if (settled.length === 0) return []
    await write(tx, settled, now)
    await recordEvents(tx, outbox, now, () =>
      settled.flatMap(({ message, outcome }) => messageTryEvents(message, outcome)),
    )
    return settled.map(({ message }) => message)
  })
}

function mayHaveBeen(outcome: TryOutcome): boolean {
  return outcome.kind === 'retry' && outcome.why === 'no answer'
}

interface Written {
  message: SettledTry
  outcome: TryOutcome
  filled: JsonObject | null
  log: TryLog | undefined
  receiptDue: number | undefined
}

function settle(
  { outcome, filled, log, receiptDue }: TrySettlement,
  { mayHaveBeenSent, canceled, ...message }: LockedMessage,
): Written {
  const last: TryOutcome =
    canceled && outcome.kind === 'retry' ? { kind: 'not_sent', reason: 'canceled before the next try' } : outcome
  const ends: TryOutcome =
    (mayHaveBeenSent || mayHaveBeen(outcome)) && (last.kind === 'not_sent' || last.kind === 'undelivered')
      ? { kind: 'delivery_attempted', reason: `a try may have arrived; since then: ${last.reason}` }
      : last
  const failed = ends.kind === 'retry' || ends.kind === 'undelivered' || ends.kind === 'delivery_attempted'
  return {
    message: {
      ...message,
      canceled,
      status: ends.kind === 'retry' ? 'queued' : ends.kind,
      revision: message.revision + 1,
      attempt: message.attempt + (failed ? 1 : 0),
    },
    outcome: ends,
    filled: filled ?? null,
    log,
    receiptDue: ends.kind === 'sent' ? receiptDue : undefined,
  }
}

async function write(tx: Database, settled: readonly Written[], now: number): Promise<void> {
  const rows = settled.map(({ message, outcome, filled }) => ({
    r: message.recipientRunId,
    n: message.number,
    s: message.status,
    a: message.attempt,
    d: outcome.kind === 'retry' ? outcome.due : null,
    e: 'reason' in outcome ? outcome.reason : null,
    x: 'externalId' in outcome ? outcome.externalId : null,
    f: filled,
    m: mayHaveBeen(outcome),
  }))
  const failures = rows.filter((row) => row.s === 'queued' || row.s === 'undelivered' || row.s === 'delivery_attempted')
  const logs = settled.flatMap(({ message, log }) => {
    if (log === undefined) return []
    const { outcome: o, service: s, reply: p, exchanges } = log
    return [{ r: message.recipientRunId, n: message.number, o, s, p, e: exchanges.length === 0 ? null : exchanges }]
  })
  const due = settled.flatMap(({ message: { recipientRunId: r, number: n }, receiptDue: d }) =>
    d === undefined ? [] : [{ r, n, d }],
  )
  await tx.execute(
    sql`with written as (
          update messages m set status = x.s::message_status, attempt = x.a, due = to_timestamp(x.d / 1000.0),
            revision = m.revision + 1, reason = x.e, external_id = coalesce(x.x, m.external_id),
            batch_revision = case when x.s = 'queued' then (select b.revision from batches b where b.id = m.batch_id)
              else m.batch_revision end,
            content = case when jsonb_typeof(x.f) = 'object' then m.content || x.f else m.content end,
            may_have_been_sent = m.may_have_been_sent or x.m, claim = null, lease_until = null, updated_at = ${at(now)},
            settled_at = case when x.s <> 'queued' then ${at(now)} end
          from jsonb_to_recordset(${json(rows)}) as x(r bigint, n smallint, s text, a smallint, d float8, e text, x text, f jsonb,
            m boolean)
          where m.recipient_run_id = x.r and m.number = x.n
        ), logged as (
          insert into delivery_logs (recipient_run_id, number, outcome, service, reply, exchanges, inserted_at)
          select x.r, x.n, x.o, x.s, x.p, nullif(x.e, 'null'), ${at(now)}
          from jsonb_to_recordset(${json(logs)}) as x(r bigint, n smallint, o text, s text, p text, e jsonb)
        ), asked_later as (
          insert into receipts (recipient_run_id, number, due)
          select x.r, x.n, to_timestamp(x.d / 1000.0)
          from jsonb_to_recordset(${json(due)}) as x(r bigint, n smallint, d float8) on conflict do nothing
        )
        insert into message_events (recipient_run_id, number, type, data, inserted_at)
        select x.r, x.n, 'delivery_attempted', jsonb_build_object('attempt', x.a, 'reason', x.e), ${at(now)}
        from jsonb_to_recordset(${json(failures)}) as x(r bigint, n smallint, a smallint, e text)`,
  )
}

function keyText({ recipientRunId, number }: MessageKey): string {
  return `${recipientRunId}/${number}`
}

/**
 * Ends messages that were canceled while a worker held them which is gone by now: they may have been sent, and are never
 * tried again. Answers which.
 */
export async function endAbandoned(
  db: Database,
  keys: readonly MessageKey[],
  now: number,
  outbox = noOutbox,
): Promise<MessageKey[]> {
  if (keys.length === 0) return []
  const reason = 'the worker stopped while it was sending; canceled since, so not tried again'
  return transaction(db, async (tx) => {
    const given = keys.map(({ recipientRunId: r, number: n }) => ({ r, n }))
    const ended = await query<MessageKey & { attempt: number }>(
      tx,
      sql`with lost as materialized (
            select m.recipient_run_id, m.number from messages m
              join jsonb_to_recordset(${json(given)}) as x(r bigint, n smallint)
              on m.recipient_run_id = x.r and m.number = x.n
            where m.status = 'queued' and m.cancel_id is not null and m.claim is not null and m.lease_until <= ${at(now)}
            order by m.recipient_run_id, m.number for update of m
          )
          update messages m set status = 'delivery_attempted', reason = ${reason}, due = null, attempt = m.attempt + 1,
            revision = m.revision + 1, claim = null, lease_until = null, updated_at = ${at(now)}, settled_at = ${at(now)}
          from lost where m.recipient_run_id = lost.recipient_run_id and m.number = lost.number
          returning m.recipient_run_id as "recipientRunId", m.number, m.attempt`,
    )
    await recordEvents(tx, outbox, now, () =>
      ended.flatMap((message) =>
        messageTryEvents({ ...message, canceled: true }, { kind: 'delivery_attempted', reason }),
      ),
    )
    return ended
  })
}

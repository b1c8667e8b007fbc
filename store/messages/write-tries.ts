import { sql } from 'drizzle-orm'
import { at, json, type Database } from '../postgres/database.ts'
import { mayHaveArrived, type WrittenTry } from './settled-try.ts'

/** Writes messages as their tries left them, with log, question to the provider and event, in one statement. */
export async function writeTries(
  tx: Database,
  settled: readonly WrittenTry[],
  now: number,
  isLate: boolean,
): Promise<void> {
  const rows = settled.map(({ message, outcome, filled }) => ({
    r: message.recipientRunId,
    n: message.number,
    s: message.status,
    a: message.attempt,
    d: outcome.kind === 'retry' ? outcome.due : null,
    e: 'reason' in outcome ? outcome.reason : null,
    x: 'externalId' in outcome ? outcome.externalId : null,
    f: filled,
    m: mayHaveArrived(outcome),
    l: outcome.kind === 'retry' && isLate,
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
          update messages m set status = x.s::message_status, attempt = x.a,
            due = greatest(to_timestamp(x.d / 1000.0), case when x.l then m.lease_until end),
            revision = m.revision + 1, reason = x.e, external_id = coalesce(x.x, m.external_id),
            batch_revision = case when x.s = 'queued' then (select b.revision from batches b where b.id = m.batch_id)
              else m.batch_revision end,
            content = case when jsonb_typeof(x.f) = 'object' then m.content || x.f else m.content end,
            may_have_been_sent = m.may_have_been_sent or x.m, claim = null, lease_until = null, updated_at = ${at(now)},
            settled_at = case when x.s <> 'queued' then ${at(now)} end
          from jsonb_to_recordset(${json(rows)}) as x(r bigint, n smallint, s text, a smallint, d float8, e text, x text, f jsonb,
            m boolean, l boolean)
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

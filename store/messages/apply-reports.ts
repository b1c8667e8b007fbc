import { sql } from 'drizzle-orm'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import { at, json, query, transaction } from '../postgres/database.ts'
import type { Database } from '../postgres/database.ts'
import { triggerOf } from '../ids/row-id.ts'
import { withIds } from './message-filter.ts'
import { messageIdOf } from './message-list.ts'

export interface MessageReport {
  messageId: string
  status: 'delivered' | 'undelivered' | 'bounced'
  reason: string | null
  /** Whom of an e-mail's addresses it is about; absent: it is not said. */
  addresses?: readonly string[]
}

/** Whose reports they are: a provider's, of one channel type. */
export interface Reporter {
  channelType: string
  /** Ids of channels that another provider carries: it has nothing to say of their messages. */
  others: readonly string[]
}

interface Locked {
  recipient_run_id: number
  number: number
  workflow_run_id: string
  accepted_at: string
  status: string
  /** Whom it went to, with commas between them; null: as far as is known, to its recipient alone. */
  sent_to: string | null
  copies: string | null
}

/** A report moves a message up only. What is not here is over, or was never sent. */
const rank: Partial<Record<string, number>> = {
  sent: 0,
  delivery_attempted: 0,
  delivered: 1,
  undelivered: 2,
  bounced: 2,
}

/**
 * Moves messages to what their providers report, never backwards, and records it; of several reports for one message the
 * highest counts, and none that is about copies (cc, bcc) alone. What is no message of `from` (null: of anybody), or has come as far already, is left as it is. Answers how many were moved, and
 * whether some are still being sent: their reports are to be offered again.
 */
export async function applyReports(
  db: Database,
  reports: readonly MessageReport[],
  from: Reporter | null,
  now: number,
  outbox = noOutbox,
): Promise<{ moved: number; early: boolean }> {
  if (reports.length === 0) return { moved: 0, early: false }
  const byMessage = new Map<string, MessageReport[]>()
  for (const report of reports) {
    const known = byMessage.get(report.messageId)
    if (known === undefined) byMessage.set(report.messageId, [report])
    else known.push(report)
  }
  return transaction(db, async (tx) => {
    const locked = await query<Locked>(
      tx,
      sql`select m.recipient_run_id, m.number, m.status, t.workflow_run_id, m.content->>'to' as sent_to,
            concat_ws(',', m.content->>'cc', m.content->>'bcc') as copies,
            to_char(t.accepted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as accepted_at
          from messages m join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
          where ${withIds([...byMessage.keys()])} and ${from === null ? sql`true` : isOf(from)} order by m.recipient_run_id, m.number for update of m`,
    )
    const found = locked.flatMap((row) => {
      const report = highestOf((byMessage.get(messageIdOf(row)) ?? []).filter((each) => !isOfCopies(each, row)))
      return report === undefined ? [] : [{ row, report }]
    })
    const moved = found.filter(({ row, report }) => (rank[row.status] ?? Infinity) < rank[report.status]!)
    const rows = moved.map(({ row, report }) => ({
      r: row.recipient_run_id,
      n: row.number,
      s: report.status,
      e: report.reason,
    }))
    if (rows.length > 0) {
      // What it was before stays told, as of when it became so.
      await tx.execute(
        sql`with x as (select * from jsonb_to_recordset(${json(rows)}) as x(r bigint, n smallint, s text, e text)),
            before as (
              insert into message_events (recipient_run_id, number, type, data, inserted_at)
              select m.recipient_run_id, m.number, m.status::text, null, coalesce(m.settled_at, m.updated_at)
              from messages m join x on m.recipient_run_id = x.r and m.number = x.n
              where m.status <> 'delivery_attempted'
            )
            update messages m set status = x.s::message_status, reason = x.e, updated_at = ${at(now)}, settled_at = ${at(now)}
            from x where m.recipient_run_id = x.r and m.number = x.n`,
      )
      await recordEvents(tx, outbox, now, () =>
        moved.map(({ row, report }) => ({
          type: `message.${report.status}` as const,
          recipientRunId: row.recipient_run_id,
          number: row.number,
          data: report.reason === null ? null : { failure_reason: report.reason },
        })),
      )
    }
    return { moved: moved.length, early: found.some(({ row }) => row.status === 'queued') }
  })
}

const highestOf = (reports: readonly MessageReport[]): MessageReport | undefined =>
  reports.reduce<MessageReport | undefined>(
    (known, each) => (known === undefined || rank[each.status]! > rank[known.status]! ? each : known),
    undefined,
  )

/** What becomes of a copy says nothing of whom the message is for. */
function isOfCopies({ addresses }: MessageReport, { sent_to: to, copies }: Locked): boolean {
  if (addresses === undefined) return false
  const [own, others] = [listed(to), listed(copies)]
  return addresses.every((each) => others.has(each.toLowerCase()) && !own.has(each.toLowerCase()))
}

const listed = (addresses: string | null): ReadonlySet<string> =>
  new Set((addresses ?? '').toLowerCase().split(/[\s,]+/))

const isOf = ({ channelType, others }: Reporter) =>
  sql`m.channel_type = ${channelType}
    and m.channel_id::text not in (select jsonb_array_elements_text(${json(others)}))`

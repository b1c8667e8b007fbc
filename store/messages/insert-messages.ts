import { sql } from 'drizzle-orm'
import { at, query, type Database } from '../postgres/database.ts'
import { prepared } from '../postgres/statement.ts'
import type { NewMessage } from './new-message.ts'

/** Bytes of JSON in one statement: Postgres and the process hold it whole, and nobody else is served meanwhile. */
const STATEMENT_BYTES = 8_000_000

/** Writes the messages that walks have made, in the transaction that moves the walks on. */
export async function insertMessages(tx: Database, messages: readonly NewMessage[], now: number): Promise<void> {
  let batch: string[] = []
  let bytes = 0
  for (const message of messages) {
    const { recipientRunId: i, number: n, step: s, stepRef: f, part: p, recipient: r, channelId: c, ...rest } = message
    const { channelType: t, content: b, status: u, due: d, reason: e, batch: of } = rest
    const text = JSON.stringify({ i, n, s, f, p, r, c, t, b, u, d, e, g: of?.id, v: of?.revision })
    if (bytes > 0 && bytes + text.length > STATEMENT_BYTES) {
      await insert(tx, batch, now)
      batch = []
      bytes = 0
    }
    batch.push(text)
    bytes += text.length
  }
  if (batch.length > 0) await insert(tx, batch, now)
}

async function insert(tx: Database, rows: readonly string[], now: number): Promise<void> {
  const given = sql`${`[${rows.join(',')}]`}::text::jsonb`
  await query(
    tx,
    prepared(
      'insert_messages',
      sql`insert into messages (recipient_run_id, number, step, step_ref, part, recipient, channel_id, channel_type,
            content, status, due, reason, batch_id, batch_revision, batch_rendered, inserted_at, updated_at, settled_at)
          select x.i, x.n, x.s, x.f, x.p, x.r, x.c, x.t, x.b, x.u::message_status, to_timestamp(x.d / 1000.0), x.e,
            x.g, x.v, x.v,
            ${at(now)}, ${at(now)}, case when x.u <> 'queued' then ${at(now)} end
          from jsonb_to_recordset(${given}) as x(i bigint, n smallint, s smallint, f text, p smallint, r text, c uuid,
            t text, b jsonb, u text, d float8, e text, g bigint, v integer)`,
    ),
  )
}

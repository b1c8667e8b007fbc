import { sql } from 'drizzle-orm'
import { at, query, type Database } from '../postgres/database.ts'
import { Kinds } from '../postgres/kinds.ts'
import { prepared } from '../postgres/statement.ts'
import type { NewMessage } from './new-message.ts'

/** Bytes of JSON in one statement: Postgres and the process hold it whole, and nobody else is served meanwhile. */
const STATEMENT_BYTES = 8_000_000

/** Writes the messages that walks have made, in the transaction that moves the walks on. */
export async function insertMessages(tx: Database, messages: readonly NewMessage[], now: number): Promise<void> {
  const kinds = new Kinds()
  let batch: string[] = []
  let bytes = 0
  for (const message of messages) {
    const { step: s, stepRef: f, part: p, channelId: c, channelType: t, status: u, due: d, reason: e } = message
    const { recipientRunId: i, number: n, recipient: r, content: b, batch: of } = message
    const k = kinds.of({ s, f, p, c, t, u, d, e })
    const text = JSON.stringify({ i, n, k, r, b, g: of?.id, v: of?.revision })
    if (bytes > 0 && bytes + text.length > STATEMENT_BYTES) {
      await insert(tx, batch, kinds, now)
      batch = []
      bytes = 0
    }
    batch.push(text)
    bytes += text.length
  }
  if (batch.length > 0) await insert(tx, batch, kinds, now)
}

async function insert(tx: Database, rows: readonly string[], kinds: Kinds, now: number): Promise<void> {
  const given = sql`${`[${rows.join(',')}]`}::text::jsonb`
  await query(
    tx,
    prepared(
      'insert_messages',
      sql`insert into messages (recipient_run_id, number, step, step_ref, part, recipient, channel_id, channel_type,
            content, status, due, reason, batch_id, batch_revision, batch_rendered, inserted_at, updated_at, settled_at)
          select x.i, x.n, y.s, y.f, y.p, x.r, y.c, y.t, x.b, y.u::message_status, to_timestamp(y.d / 1000.0), y.e,
            x.g, x.v, x.v,
            ${at(now)}, ${at(now)}, case when y.u <> 'queued' then ${at(now)} end
          from jsonb_to_recordset(${given}) as x(i bigint, n smallint, k integer, r text, b jsonb, g bigint, v integer)
            join jsonb_to_recordset(${kinds.rows}) as y(k integer, s smallint, f text, p smallint, c uuid, t text, u text,
              d float8, e text) using (k)`,
    ),
  )
}

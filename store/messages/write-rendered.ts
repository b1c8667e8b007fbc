import { sql } from 'drizzle-orm'
import { json, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'
import type { Believed } from './claims.ts'

/** Exchanges the content of messages that `owner` holds: it is now that of the activities at the claim. */
export async function writeRendered(
  db: Database,
  messages: readonly (Believed & { content: JsonObject })[],
  owner: string,
): Promise<void> {
  if (messages.length === 0) return
  const rows = messages.map(({ recipientRunId: r, number: n, revision: v, content: c }) => ({ r, n, v, c }))
  await db.execute(
    sql`update messages m set content = x.c, batch_rendered = m.batch_revision from (
          select m.recipient_run_id, m.number, x.c from messages m
            join jsonb_to_recordset(${json(rows)}) as x(r bigint, n smallint, v integer, c jsonb)
            on m.recipient_run_id = x.r and m.number = x.n and m.revision = x.v
          where m.status = 'queued' and m.claim = ${owner}
          order by m.recipient_run_id, m.number for update of m
        ) x where m.recipient_run_id = x.recipient_run_id and m.number = x.number`,
  )
}

import { sql } from 'drizzle-orm'
import type { Placed } from '../batches/batch-entry.ts'
import { at, json, type Database } from '../postgres/database.ts'
import { Kinds } from '../postgres/kinds.ts'
import type { WalkSettlement } from './walk-settlement.ts'

/**
 * Writes where walks stand, by one statement; their rows are locked. A carrier whose activity was taken back ends as
 * canceled, whatever became of the others'.
 */
export async function writeWalks(
  tx: Database,
  settled: readonly WalkSettlement[],
  { canceled, placed }: { canceled: ReadonlySet<number>; placed: ReadonlyMap<number, Placed | null> },
  now: number,
): Promise<void> {
  const kinds = new Kinds()
  const rows = settled.map((walk) => {
    const isCanceled = canceled.has(walk.id)
    const k = kinds.of({
      w: isCanceled ? 'canceled' : walk.status,
      s: walk.step,
      p: walk.phase,
      a: walk.enteredAt,
      d: walk.due,
      y: walk.attempt ?? 0,
      x: walk.errors,
      r: walk.reason,
      m: isCanceled ? 0 : walk.messages.length,
      h: walk.definitionHash ?? null,
    })
    return { id: walk.id, k, t: walk.state ?? undefined, b: placed.get(walk.id)?.batchId }
  })
  await tx.execute(
    sql`update recipient_runs r set
          status = case when y.w = 'ended' and r.cancel_id is not null then 'canceled' else y.w end::recipient_run_status,
          claim = null, lease_until = null,
          step = y.s, phase = y.p::step_phase, entered_at = to_timestamp(y.a / 1000.0),
          due = to_timestamp(y.d / 1000.0), attempt = y.y, error_count = r.error_count + y.x,
          reason = coalesce(y.r, r.reason), state = coalesce(x.t, r.state), messages = r.messages + y.m,
          batch_id = coalesce(x.b, r.batch_id), definition_hash = coalesce(y.h, r.definition_hash),
          revision = r.revision + 1, updated_at = ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(id bigint, k integer, t jsonb, b bigint)
          join jsonb_to_recordset(${kinds.rows}) as y(k integer, w text, s smallint, p text, a float8, d float8, y smallint,
            x smallint, r text, m smallint, h text) using (k)
        where r.id = x.id`,
  )
}

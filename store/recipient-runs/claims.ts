import { sql } from 'drizzle-orm'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import { takeBatchLocks } from '../batches/lock-batches.ts'
import { triggerOf } from '../ids/row-id.ts'
import { at, ids, json, query, transaction, type Database } from '../postgres/database.ts'
import { lockEnding } from '../waits/lock-waiting.ts'
import { offerEnds } from '../waits/offer-events.ts'

/** A recipient run whose step acts on the outside, as whoever is to carry that out finds it. Instants are epoch milliseconds. */
export interface RowToAct {
  id: number
  revision: number
  /** The batch that it walks on for. */
  batchId: number | null
  status: 'waiting' | 'claimed'
  due: number
  /** Who has it; null: nobody. */
  claim: string | null
  /** Null while nobody has it. */
  leaseUntil: number | null
  /** Whether a cancel came while it was claimed: it is not acted for any more. */
  canceled: boolean
  /** The same for all that stand in this step of this version. */
  stepKey: string
}

/** A cancel of an activity in a batch leaves the row to walk on for the others. */
const mayGoOn = sql`(r.cancel_id is null or r.batch_id is not null)`

/**
 * Of these rows, those that stand in a step and wait or are claimed, canceled or not, without a lock, in the order of their
 * ids.
 */
export async function loadRowsToAct(db: Database, rowIds: readonly number[]): Promise<RowToAct[]> {
  return query<RowToAct>(
    db,
    sql`select r.id, r.revision, r.batch_id as "batchId", r.status, r.claim, round(extract(epoch from r.due) * 1000)::float8 as due,
          round(extract(epoch from r.lease_until) * 1000)::float8 as "leaseUntil", not ${mayGoOn} as canceled,
          coalesce(r.definition_hash, t.definition_hash) || '/' || r.step as "stepKey"
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')}
        where r.id = any(${ids(rowIds)}) and r.status in ('waiting', 'claimed')
          and r.phase = 'wait' and r.due is not null
        order by r.id`,
  )
}

/**
 * Claims rows for what their step does on the outside, until `leaseUntil`; answers which. Left out, and not to be acted for:
 * what somebody else has, or has had since it was loaded. A lease that ran out is a dead worker's, and is taken over. Batches
 * are locked first: a cancel of an activity names the step, or the step acts without it.
 */
export async function claimRows(
  db: Database,
  rows: readonly Pick<RowToAct, 'id' | 'revision' | 'batchId' | 'claim'>[],
  owner: string,
  lease: { now: number; leaseUntil: number },
): Promise<Set<number>> {
  const batchIds = [...new Set(rows.flatMap(({ batchId }) => batchId ?? []))]
  if (batchIds.length === 0) return claimFree(db, rows, owner, lease)
  return transaction(db, async (tx) => {
    await takeBatchLocks(tx, batchIds)
    return claimFree(tx, rows, owner, lease)
  })
}

async function claimFree(
  db: Database,
  rows: readonly Pick<RowToAct, 'id' | 'revision' | 'claim'>[],
  owner: string,
  { now, leaseUntil }: { now: number; leaseUntil: number },
): Promise<Set<number>> {
  const given = rows.map(({ id: r, revision: v, claim: c }) => ({ r, v, c }))
  const claimed = await query<{ id: number }>(
    db,
    sql`with free as materialized (
          select r.id from recipient_runs r join jsonb_to_recordset(${json(given)}) as x(r bigint, v integer, c text)
            on r.id = x.r and r.revision = x.v and r.claim is not distinct from x.c
          where ${mayGoOn} and r.phase = 'wait'
            and (r.status = 'waiting' or (r.status = 'claimed' and r.lease_until <= ${at(now)}))
          order by r.id for update of r
        )
        update recipient_runs r set status = 'claimed', claim = ${owner}, lease_until = ${at(leaseUntil)},
          updated_at = ${at(now)}
        from free where r.id = free.id returning r.id`,
  )
  return new Set(claimed.map(({ id }) => id))
}

/**
 * Of these rows, those that `owner` still holds by the same claim and nobody canceled, locked: a cancel waits for the
 * transaction from then on. One that walks on for a batch is canceled once all of the batch's activities are. Batches are
 * locked first, as everywhere.
 */
export async function claimsHold(
  tx: Database,
  rows: readonly { id: number; revision: number; batchId: number | null }[],
  owner: string,
): Promise<Set<number>> {
  await takeBatchLocks(tx, [...new Set(rows.flatMap(({ batchId }) => batchId ?? []))])
  const held = await query<{ id: number }>(
    tx,
    sql`select r.id from recipient_runs r
          join jsonb_to_recordset(${json(rows.map(({ id: i, revision: v }) => ({ i, v })))}) as x(i bigint, v integer)
            on r.id = x.i and r.revision = x.v
        where r.status = 'claimed' and r.claim = ${owner}
          and (r.cancel_id is null
            or exists (select from recipient_runs a where a.batch_id = r.batch_id and a.cancel_id is null))
        order by r.id for update of r`,
  )
  return new Set(held.map(({ id }) => id))
}

/**
 * Ends rows that were canceled while a worker held them which is gone by now, and offers their ends to who waits for them.
 * Answers how many.
 */
export async function endAbandonedRows(
  db: Database,
  rowIds: readonly number[],
  now: number,
  outbox = noOutbox,
): Promise<number> {
  if (rowIds.length === 0) return 0
  const isLost = sql`status = 'claimed' and cancel_id is not null and batch_id is null and lease_until <= ${at(now)}`
  const found = await query<{ id: number }>(
    db,
    sql`select id from recipient_runs where id = any(${ids(rowIds)}) and ${isLost} order by id`,
  )
  if (found.length === 0) return 0
  return transaction(db, async (tx) => {
    const lost = await lockEnding(
      tx,
      found.map(({ id }) => id),
      isLost,
    )
    await tx.execute(
      sql`update recipient_runs set status = 'canceled', claim = null, lease_until = null, revision = revision + 1,
            updated_at = ${at(now)} where id = any(${ids(lost)})`,
    )
    await offerEnds(tx, lost, now, outbox)
    await recordEvents(tx, outbox, now, () =>
      lost.map((id) => ({ type: 'workflow_recipient_run.cancelled' as const, recipientRunId: id })),
    )
    return lost.length
  })
}

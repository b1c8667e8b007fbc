import { sql } from 'drizzle-orm'
import { triggerOf } from '../ids/row-id.ts'
import { ids, query, type Database } from '../postgres/database.ts'

/** A batch that activities are taken back from, locked: nothing of it changes meanwhile but what its messages come to. */
export interface LockedBatch {
  id: number
  carrier: number
  /** Its carrier has begun to walk on. */
  isClosed: boolean
  /** The carrier's walk is not over: a message may still be made. */
  goesOn: boolean
  /** The step of the carrier's walk that acts on the outside at this moment, by index and version. Null: none does. */
  acting: { step: number; definitionHash: string } | null
  /** An activity that is none of those looked at is in it still. */
  hasOthers: boolean
  /** Of the carrier: what messages of the batch are named by, and the run they sleep in. */
  runId: number
  workflowRunId: string
  acceptedAt: Date
}

/** Takes the locks of batches, in the order in which everybody does. */
export async function takeBatchLocks(tx: Database, batchIds: readonly number[]): Promise<void> {
  if (batchIds.length === 0) return
  await tx.execute(sql`select from batches where id = any(${ids(batchIds)}) order by recipient, key, id for update`)
}

/** Batches whose locks have been taken; `activities` are the recipient runs that are looked at. */
export async function readBatches(
  tx: Database,
  batchIds: readonly number[],
  activities: readonly number[],
): Promise<Map<number, LockedBatch>> {
  if (batchIds.length === 0) return new Map()
  const rows = await query<Omit<LockedBatch, 'acceptedAt'> & { acceptedMs: number }>(
    tx,
    sql`select b.id, b.carrier, b.closed_at is not null as "isClosed", c.status in ('waiting', 'claimed') as "goesOn",
          case when c.status = 'claimed' then jsonb_build_object('step', c.step,
            'definitionHash', coalesce(c.definition_hash, t.definition_hash)) end as acting,
          exists (select from recipient_runs r where r.batch_id = b.id and r.cancel_id is null
            and r.id <> all(${ids(activities)})) as "hasOthers",
          t.run_id as "runId", t.workflow_run_id as "workflowRunId",
          (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from batches b join recipient_runs c on c.id = b.carrier join triggers t on t.id = ${triggerOf('c.id')}
        where b.id = any(${ids(batchIds)})`,
  )
  return new Map(
    rows.map(({ acceptedMs, ...batch }) => [batch.id, { ...batch, acceptedAt: new Date(Math.round(acceptedMs)) }]),
  )
}

import { sql } from 'drizzle-orm'
import type { StoreIdentity, StoreMark } from '../../workflows/store-identity.ts'
import { at, query, transaction, type Database } from '../postgres/database.ts'

const EVERY_MS = 60_000
/**
 * Ids given out between a backup and its restore are not given out again: stable ids of mails and webhooks are made of
 * them, and a receiver would drop the second as a repeat. Of a trigger's 36 bits this leaves room for thousands of restores.
 */
const IDS_LEFT_OUT = 10_000_000

/** How far the store has come, and one minute further if the last was as long ago. Called by housekeeping alone. */
export async function raiseMark(db: Database, now: number): Promise<StoreMark> {
  const [mark] = await query<StoreMark>(
    db,
    sql`update environment set
          counter = case when counted_at > ${at(now - EVERY_MS)} and counted_at <= ${at(now)} then counter else counter + 1 end,
          counted_at = case when counted_at > ${at(now - EVERY_MS)} and counted_at <= ${at(now)} then counted_at else ${at(now)} end
        returning id, epoch, counter`,
  )
  return mark!
}

/** Whether a store with this mark has once come further than it is now: it was restored from a backup. */
export async function isBehind(db: Database, mark: StoreMark): Promise<boolean> {
  return (await query(db, sql`select from environment where ${behind(mark)}`)).length > 0
}

/**
 * A store that is behind its mark gets a new epoch, and ids beyond those it gave out after the backup. Answers the new
 * identity, or undefined if it is not behind: another process may have been faster.
 */
export async function beginEpoch(db: Database, mark: StoreMark): Promise<StoreIdentity | undefined> {
  return transaction(db, async (tx) => {
    const [begun] = await query<StoreIdentity>(
      tx,
      sql`update environment set epoch = greatest(epoch, ${mark.epoch}::int) + 1, counter = greatest(counter, ${mark.counter}::bigint) + 1,
            told_run = 0 where ${behind(mark)} returning id, epoch`,
    )
    if (begun === undefined) return undefined
    await leaveOutIds(tx)
    return begun
  })
}

/** Ids that were perhaps given out after a backup are not given out again. */
export async function leaveOutIds(db: Database): Promise<void> {
  await query(
    db,
    sql`select setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, 1) + ${IDS_LEFT_OUT}::bigint)
        from pg_sequences where schemaname = current_schema()`,
  )
}

function behind({ id, epoch, counter }: StoreMark) {
  return sql`id = ${id}::uuid and (epoch, counter) < (${epoch}::int, ${counter}::bigint)`
}

/** Runs with somebody pending that were not told of the store's epoch yet, oldest first; undefined: all have been. */
export async function runsToReload(
  db: Database,
  limit: number,
): Promise<{ id: number; workflowId: string; definition: string; cancelationKey: string | null }[] | undefined> {
  const [environment] = await query<{ reloadedRun: number }>(
    db,
    sql`select told_run as "reloadedRun" from environment where told_epoch < epoch`,
  )
  if (environment === undefined) return undefined
  return query(
    db,
    sql`select u.id, u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey"
        from runs u where u.id > ${environment.reloadedRun}
          and exists (select from triggers t where t.run_id = u.id and t.next_due is not null)
        order by u.id limit ${limit}`,
  )
}

/** Those up to the run `upTo` have been told; null: all have. */
export async function saveReloaded(db: Database, epoch: number, upTo: number | null): Promise<void> {
  const done = upTo === null ? sql`told_epoch = epoch, told_run = 0` : sql`told_run = ${upTo}`
  await db.execute(sql`update environment set ${done} where epoch = ${epoch}::int`)
}

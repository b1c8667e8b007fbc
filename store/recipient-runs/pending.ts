import { sql, type SQL } from 'drizzle-orm'

/**
 * The one meaning of pending, of a row `r` of recipient_runs: it is not canceled, and it waits or acts, or a message of it
 * is queued or being sent, or its activity is in a batch of which a message may still be made or is not claimed yet.
 * Generations, joins, `keep`, `replace`, cancels by user and the end of a run all mean this.
 */
export const isPendingRow: SQL = sql`(r.cancel_id is null and (r.status in ('waiting', 'claimed') or exists (
  select from messages p where p.recipient_run_id = r.id and p.status = 'queued' and p.cancel_id is null)
  or (r.batch_id is not null and exists (
    select from batches b join recipient_runs c on c.id = b.carrier
    where b.id = r.batch_id and (c.status in ('waiting', 'claimed') or exists (
      select from messages p where p.recipient_run_id = c.id and p.batch_id = b.id and p.status = 'queued'
        and p.cancel_id is null and p.claim is null))))))`

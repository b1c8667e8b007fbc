import { sql, type SQL } from 'drizzle-orm'

/**
 * The one meaning of pending, of a row `r` of recipient_runs: it is not canceled, and it waits or acts, or a message of it
 * is queued or being sent. Generations, joins, `keep`, `replace`, cancels by user and the end of a run all mean this.
 */
export const isPendingRow: SQL = sql`(r.cancel_id is null and (r.status in ('waiting', 'claimed') or exists (
  select from messages p where p.recipient_run_id = r.id and p.status = 'queued' and p.cancel_id is null)))`

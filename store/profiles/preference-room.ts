import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'
import { ProfileTooLargeError } from './too-large.ts'

/** Of one recipient. */
export const MAX_PREFERENCE_SETS = 1_000
/** Of all sets of one recipient together, as the store writes them. */
const MAX_BYTES = 1_048_576

/**
 * Throws a ProfileTooLargeError where one of these recipients, named by their keys, has more sets than one may have: sets
 * are merged into, so that no bound of a request bounds them. Asked after they are written, in the same transaction; two who
 * write at once may pass it together. One statement.
 */
export async function assertPreferenceRoom(tx: Database, recipients: readonly string[]): Promise<void> {
  const over = await query<{ recipient: string }>(
    tx,
    sql`select recipient from preference_sets where recipient = any(${texts(recipients)}) group by recipient
        having count(*) > ${MAX_PREFERENCE_SETS} or sum(octet_length(preferences::text)) > ${MAX_BYTES}
        order by recipient`,
  )
  if (over.length === 0) return
  const most = `${MAX_PREFERENCE_SETS.toLocaleString('en')} preference sets, or 1 MB of them`
  throw new ProfileTooLargeError(
    'preferences',
    most,
    over.map(({ recipient }) => recipient),
  )
}

import { sql } from 'drizzle-orm'
import { at, type Database } from '../postgres/database.ts'

const KEPT_MS = 24 * 3_600_000

/** Forgets idempotency keys past their day. */
export async function forgetIdempotencyKeys(db: Database, now: number): Promise<void> {
  await db.execute(sql`delete from idempotency_keys where created_at < ${at(now - KEPT_MS)}`)
}

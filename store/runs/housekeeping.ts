import { eq, sql } from 'drizzle-orm'
import type { Database } from '../postgres/database.ts'
import { housekeeping } from '../schema/index.ts'

const IDEMPOTENCY_HOURS = 24

/** Up to which close time executions have been looked at; null before the first time. */
export async function seenUntil(db: Database, name: string): Promise<Date | null> {
  const [row] = await db.select().from(housekeeping).where(eq(housekeeping.name, name))
  return row?.seenUntil ?? null
}

export async function setSeenUntil(db: Database, name: string, until: Date): Promise<void> {
  await db
    .insert(housekeeping)
    .values({ name, seenUntil: until })
    .onConflictDoUpdate({ target: housekeeping.name, set: { seenUntil: until } })
}

/** Forgets idempotency keys past their day. */
export async function forgetIdempotencyKeys(db: Database): Promise<void> {
  await db.execute(
    sql`delete from idempotency_keys where created_at < now() - ${IDEMPOTENCY_HOURS} * interval '1 hour'`,
  )
}

import { eq } from 'drizzle-orm'
import type { Database } from '../postgres/database.ts'
import { runs } from '../schema/index.ts'

export type Run = typeof runs.$inferSelect

/** The run under a workflow ID, without a lock; undefined if there never was one. */
export async function findRun(db: Database, workflowId: string): Promise<Run | undefined> {
  const found = await db.select().from(runs).where(eq(runs.workflowId, workflowId))
  return found[0]
}

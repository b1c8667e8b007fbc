import { eq } from 'drizzle-orm'
import type { Database } from '../postgres/database.ts'
import { runs } from '../schema/index.ts'

export type Run = typeof runs.$inferSelect

export async function findRun(db: Database, workflowId: string): Promise<Run | undefined> {
  const found = await db.select().from(runs).where(eq(runs.workflowId, workflowId))
  return found[0]
}

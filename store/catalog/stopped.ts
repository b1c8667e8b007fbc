import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'

/** Why nobody goes on in a workflow. */
export type Stop = 'inactive' | 'archived'

/** Of these workflows, by key, those in which nobody goes on, in whatever version they began; as last published. */
export async function stoppedWorkflows(db: Database, keys: readonly string[]): Promise<Map<string, Stop>> {
  const rows = await query<{ key: string; archived: boolean }>(
    db,
    sql`select key, archived from current_definitions
        where key = any(${texts([...new Set(keys)])}) and (archived or not active)`,
  )
  return new Map(rows.map(({ key, archived }) => [key, archived ? 'archived' : 'inactive']))
}

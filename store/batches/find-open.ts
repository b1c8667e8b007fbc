import { sql } from 'drizzle-orm'
import { at, json, query, type Database } from '../postgres/database.ts'

interface Door {
  recipient: string
  key: string
}

/** Which of these batches are open at `now`, without a lock: `isOpen(door)`. One statement. */
export async function findOpen(db: Database, doors: readonly Door[], now: number): Promise<(door: Door) => boolean> {
  if (doors.length === 0) return () => false
  const rows = doors.map(({ recipient: r, key: k }) => ({ r, k }))
  const found = await query<Door>(
    db,
    sql`select b.recipient, b.key from batches b join jsonb_to_recordset(${json(rows)}) as x(r text, k text)
          on b.recipient = x.r and b.key = x.k
        where b.is_open and b.closes_at > ${at(now)}`,
  )
  const open = new Set(found.map(doorText))
  return (door) => open.has(doorText(door))
}

/** A hash has no space. */
export function doorText({ recipient, key }: Door): string {
  return `${key} ${recipient}`
}

import { sql } from 'drizzle-orm'
import { index, pgTable } from 'drizzle-orm/pg-core'
import { bytewise, instant } from './columns.ts'

/** Ids of users who were merged into others: from then on each means the other. */
export const mergedUsers = pgTable(
  'merged_users',
  {
    fromId: bytewise('from_id').primaryKey(),
    /** Never itself a `from_id`: whoever is merged again takes along who was merged into them. */
    intoId: bytewise('into_id').notNull(),
    mergedAt: instant('merged_at').notNull(),
    /** Null: rows that were written under the old id may still have to be moved. */
    movedAt: instant('moved_at'),
  },
  (table) => [
    index('merged_users_into').on(table.intoId),
    index('merged_users_unmoved')
      .on(table.mergedAt)
      .where(sql`moved_at is null`),
  ],
)

import { pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** Where housekeeping left off: executions closed before this instant have been looked at. */
export const housekeeping = pgTable('housekeeping', {
  name: text('name').primaryKey(),
  seenUntil: instant('seen_until').notNull(),
})

import { integer, pgTable } from 'drizzle-orm/pg-core'
import { bytewise, instant } from './columns.ts'

/** Requests counted in the window that began last: one row for each key or user. */
export const rateLimits = pgTable('rate_limits', {
  subject: bytewise('subject').primaryKey(),
  startsAt: instant('starts_at').notNull(),
  taken: integer('taken').notNull(),
})

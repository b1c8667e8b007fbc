import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytewise, instant } from './columns.ts'

/** Who passed a throttle in its current window: one row for each recipient, step and key. */
export const throttles = pgTable(
  'throttles',
  {
    recipient: bytewise('recipient').notNull(),
    /** A hash of definition, step and key. */
    throttle: text('throttle').notNull(),
    endsAt: instant('ends_at').notNull(),
    /** The recipient runs that passed, so that none is counted twice. */
    passes: jsonb('passes').$type<number[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.recipient, table.throttle] }), index('throttles_over').on(table.endsAt)],
)

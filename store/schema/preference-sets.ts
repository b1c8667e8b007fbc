import { jsonb, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { bytewise, type JsonObject } from './columns.ts'

/** What a user or an object wants: its set named `default`, and those named after tenants. */
export const preferenceSets = pgTable(
  'preference_sets',
  {
    /** A user's id, or `collection#id` for an object. */
    recipient: bytewise('recipient').notNull(),
    setId: bytewise('set_id').notNull(),
    preferences: jsonb('preferences').$type<JsonObject>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.recipient, table.setId] })],
)

import { index, jsonb, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/** Who is told what an object is told. Both are keys of recipients (store/ids/recipient.ts). */
export const subscriptions = pgTable(
  'subscriptions',
  {
    object: bytewise('object').notNull(),
    recipient: bytewise('recipient').notNull(),
    properties: jsonb('properties').$type<JsonObject>().notNull(),
    insertedAt: instant('inserted_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.object, table.recipient] }),
    index('subscriptions_recipient').on(table.recipient, table.object),
  ],
)

import { jsonb, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/** What is known of a recipient at one channel: the tokens of their devices, their chat connections. */
export const channelData = pgTable(
  'channel_data',
  {
    /** As store/ids/recipient.ts writes it. */
    recipient: bytewise('recipient').notNull(),
    channelId: uuid('channel_id').notNull(),
    data: jsonb('data').$type<JsonObject>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.recipient, table.channelId] })],
)

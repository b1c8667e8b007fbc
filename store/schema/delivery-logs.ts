import { bigint, bigserial, index, jsonb, pgTable, smallint, text } from 'drizzle-orm/pg-core'
import { instant, type JsonObject } from './columns.ts'

/** One row a try of a message that reached out to its provider. Forgotten after some weeks, in the order of the ids. */
export const deliveryLogs = pgTable(
  'delivery_logs',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    number: smallint('number').notNull(),
    /** How the try ended: see channels/sender.ts. */
    outcome: text('outcome').notNull(),
    /** The provider's key. */
    service: text('service').notNull(),
    /** The refusal, or what an SMTP server said. */
    reply: text('reply'),
    /** The requests of the try with their answers; null: it made none of HTTP. */
    exchanges: jsonb('exchanges').$type<JsonObject[]>(),
    insertedAt: instant('inserted_at').notNull(),
  },
  (table) => [index('delivery_logs_message').on(table.recipientRunId, table.number)],
)

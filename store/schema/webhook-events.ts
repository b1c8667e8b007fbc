import { sql } from 'drizzle-orm'
import { bigint, bigserial, index, jsonb, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { instant, type JsonObject } from './columns.ts'

/** Events not yet delivered to an endpoint of BELAY_WEBHOOKS, written with what they tell; deleted once delivered. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** The same for every attempt and every endpoint. */
    eventId: uuid('event_id').notNull(),
    /** See webhook-endpoints.ts. */
    endpoint: text('endpoint').notNull(),
    type: text('type').notNull(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    /** Of the message within its recipient run; null for an event of the recipient run. */
    number: smallint('number'),
    data: jsonb('data').$type<JsonObject>(),
    createdAt: instant('created_at').notNull(),
    attempt: smallint('attempt').notNull().default(0),
    /** By the store's clock. */
    due: instant('due').notNull().defaultNow(),
    /** The last refusal. */
    reason: text('reason'),
    /** Set after the last attempt: kept for a while, for whoever looks. */
    givenUpAt: instant('given_up_at'),
  },
  (table) => [
    index('webhook_events_due')
      .on(table.endpoint, table.due, table.id)
      .where(sql`given_up_at is null`),
  ],
)

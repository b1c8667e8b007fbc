import { bigint, index, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/** What happened, as far as a wait took it or may still look back at it. Forgotten after some days. */
export const occurrences = pgTable(
  'events',
  {
    id: uuid('id').primaryKey(),
    /** `event` for a caller's own, `message`, `workflow` or `recipient`. */
    kind: text('kind').notNull(),
    name: text('name').notNull(),
    /** Whom it is about, by their keys; null: everybody. */
    recipients: jsonb('recipients').$type<string[]>(),
    data: jsonb('data').$type<JsonObject>().notNull(),
    happenedAt: instant('happened_at').notNull(),
  },
  (table) => [
    index('events_kind').on(table.kind, table.name, table.happenedAt),
    index('events_happened').on(table.happenedAt),
  ],
)

/** A recipient run that waits for an event, from the entry of its step until that is left. */
export const eventWaits = pgTable(
  'event_waits',
  {
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).primaryKey(),
    kind: text('kind').notNull(),
    name: text('name').notNull(),
    /** Of a message or a run: the workflow it is of. Null: any. */
    source: text('source'),
    recipient: bytewise('recipient').notNull(),
    until: instant('until').notNull(),
  },
  (table) => [
    index('event_waits_for').on(table.kind, table.name, table.recipient),
    index('event_waits_until').on(table.until),
  ],
)

/** Events that came while a recipient run waited for their like, and that its walk has not looked at. */
export const eventOffers = pgTable(
  'event_offers',
  {
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    eventId: uuid('event_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.recipientRunId, table.eventId] })],
)

import { sql } from 'drizzle-orm'
import { bigint, bigserial, boolean, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytewise, instant } from './columns.ts'

/**
 * What gathers the activities of one recipient under one key until it closes. The arbiter of who is in a digest: whoever
 * joins, takes an activity back or makes a message of it locks this row first. Its activities are the recipient runs that
 * name it in `batch_id`.
 */
export const batches = pgTable(
  'batches',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** As store/ids/recipient.ts writes one. */
    recipient: bytewise('recipient').notNull(),
    /** The batch key with what else keeps batches apart, as a hash: see steps/batch/key.ts. */
    key: bytewise('key').notNull(),
    /** Ref of the step whose settings hold. */
    stepRef: text('step_ref').notNull(),
    /** The recipient run that opened it: it sleeps until the close and walks on for all. Null until there is an activity. */
    carrier: bigint('carrier', { mode: 'number' }),
    /** Its key is taken by it. It is over from `closesAt` on all the same: whoever finds it so frees the key. */
    isOpen: boolean('is_open').notNull().default(true),
    /** Activities that ever joined. */
    items: integer('items').notNull().default(0),
    openedAt: instant('opened_at').notNull(),
    closesAt: instant('closes_at').notNull(),
    /** A sliding window moves no further than this. */
    limitAt: instant('limit_at'),
    /** Grows with every activity that joins or is taken back. */
    revision: integer('revision').notNull().default(1),
    /** Since when its carrier walks on. */
    closedAt: instant('closed_at'),
    /** All its activities' rows have ended but the carrier's. */
    isSettled: boolean('is_settled').notNull().default(false),
  },
  (table) => [
    uniqueIndex('batches_open')
      .on(table.recipient, table.key)
      .where(sql`is_open`),
    index('batches_unsettled')
      .on(table.closedAt)
      .where(sql`closed_at is not null and not is_settled`),
  ],
)

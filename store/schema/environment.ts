import { bigint, boolean, integer, pgTable, uuid } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** One row: the id of this store, made once, and how often it was restored from a backup. See store/environment/. */
export const environment = pgTable('environment', {
  one: boolean('one').primaryKey().default(true),
  id: uuid('id').notNull().defaultRandom(),
  epoch: integer('epoch').notNull().default(1),
  /** Grows by one a minute while somebody does the housekeeping. */
  counter: bigint('counter', { mode: 'number' }).notNull().default(0),
  countedAt: instant('counted_at'),
  /** The epoch that every run has been told of. */
  toldEpoch: integer('told_epoch').notNull().default(1),
  /** While they are being told of a newer one: the highest `runs.id` that was. */
  reloadedRun: bigint('told_run', { mode: 'number' }).notNull().default(0),
})

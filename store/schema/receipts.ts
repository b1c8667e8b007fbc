import { bigint, index, pgTable, primaryKey, smallint } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** Messages whose provider is still to be asked what became of them; a row goes once it has said so. */
export const receipts = pgTable(
  'receipts',
  {
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    number: smallint('number').notNull(),
    due: instant('due').notNull(),
    /** Times that it was asked for. */
    asked: smallint('asked').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.recipientRunId, table.number] }), index('receipts_due').on(table.due)],
)

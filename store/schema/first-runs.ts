import { bigint, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytewise } from './columns.ts'

/** Who has begun a workflow that runs once: one row for each recipient, or for each tenant of theirs, for good. */
export const firstRuns = pgTable(
  'first_runs',
  {
    definitionKey: text('definition_key').notNull(),
    recipient: bytewise('recipient').notNull(),
    /** Empty where there is none, or where tenants do not count by themselves. */
    tenant: bytewise('tenant').notNull(),
    /** The recipient run that counts. */
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.definitionKey, table.recipient, table.tenant] })],
)

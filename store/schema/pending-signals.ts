import { bigint, bigserial, index, jsonb, pgEnum, pgTable } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

export const signalKind = pgEnum('signal_kind', ['trigger', 'cancel', 'move'])

/** Signals not yet confirmed by Temporal, written with what they tell and deleted once it has them. */
export const pendingSignals = pgTable(
  'pending_signals',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    kind: signalKind('kind').notNull(),
    triggerId: bigint('trigger_id', { mode: 'number' }),
    /** Row ids as ranges: what a cancel or a move touched. A trigger's are read from its rows. */
    rows: jsonb('rows').$type<[number, number][]>(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index('pending_signals_run').on(table.runId)],
)

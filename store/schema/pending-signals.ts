import { bigint, bigserial, index, jsonb, pgEnum, pgTable, text } from 'drizzle-orm/pg-core'
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
    /** Row ids as ranges, lane by lane: what a cancel or a move touched. A trigger's are read from its rows. */
    lanes: jsonb('lanes').$type<{ lane: string; rows: [number, number][] }[]>(),
    /** Of a cancel: who asked and why. */
    by: text('by'),
    reason: text('reason'),
    createdAt: instant('created_at').notNull(),
    /** When a process last took it up to send it again: others leave it to that one for a while. */
    takenAt: instant('taken_at'),
  },
  (table) => [index('pending_signals_run').on(table.runId)],
)

import { sql } from 'drizzle-orm'
import { toRanges, type Sleepers } from '../../workflows/messages.ts'
import { answerOf, type Answer } from './answer.ts'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import { findRows, stepsSent, type FoundRow, type Which } from './found-rows.ts'
import { sleepersOf } from './sleepers.ts'

const others = ['not_sleeping', 'sending', 'already_sent', 'ended', 'already_canceled', 'not_found'] as const
export const rescheduleOutcomes = ['rescheduled', ...others] as const
export const sendNowOutcomes = ['sent_now', ...others] as const
export type MoveOutcome = (typeof rescheduleOutcomes)[number] | (typeof sendNowOutcomes)[number]

export interface Moved {
  workflow: string
  cancelation_key: string | null
  /** `applied` if this call moved at least one. */
  status: 'applied' | 'nothing_pending'
  /** The new instant, ISO 8601. */
  scheduled_at: string
}

export interface Move extends Which {
  to: 'rescheduled' | 'sent_now'
  /** Epoch milliseconds. */
  due: number
  /** Epoch milliseconds, for the record. */
  now: number
}

/**
 * Moves the sleep recipients are in to another instant. Their revision grows with it: the run's hand-out at the old
 * instant is refused, whenever the signal reaches it, so a message goes out once, at one of the two.
 */
export async function moveIn(
  tx: Database,
  key: { workflow: string; cancelationKey: string | null },
  move: Move,
): Promise<{ answer: Moved & Answer<MoveOutcome>; signal: { id: number; groups: Sleepers[] } | null }> {
  const rows = await findRows(tx, move)
  const asleep = rows.filter((row) => row.sleeps)
  const sentSteps = await stepsSent(tx, rows)
  const signal = asleep.length === 0 ? null : await markMoved(tx, asleep, move)
  const outcomes: readonly MoveOutcome[] = move.to === 'sent_now' ? sendNowOutcomes : rescheduleOutcomes
  const answer = answerOf(rows, move.recipients, sentSteps, outcomes, (row) => outcomeOf(row, move.to))
  return {
    answer: {
      workflow: key.workflow,
      cancelation_key: key.cancelationKey,
      status: asleep.length > 0 ? 'applied' : 'nothing_pending',
      scheduled_at: new Date(move.due).toISOString(),
      ...answer,
    },
    signal,
  }
}

function outcomeOf(row: FoundRow, moved: Move['to']): MoveOutcome {
  switch (row.status) {
    case 'waiting':
      return row.sleeps ? moved : 'not_sleeping'
    case 'claimed':
      if (row.last) return 'sending'
      return row.canceling ? 'already_canceled' : 'not_sleeping'
    case 'canceled':
      return 'already_canceled'
    case 'ended':
      return row.sent > 0 ? 'already_sent' : 'ended'
  }
}

async function markMoved(
  tx: Database,
  asleep: FoundRow[],
  { to, due, now }: Move,
): Promise<{ id: number; groups: Sleepers[] }> {
  const moved = asleep.map((row) => row.id)
  const data = json({ scheduled_at: new Date(due).toISOString() })
  const [signal] = await query<{ id: number }>(
    tx,
    sql`with moved as (
          update recipient_runs set due = ${at(due)}, revision = revision + 1, updated_at = ${at(now)}
          where id = any(${ids(moved)}) returning id, step, attempt
        ),
        told as (
          insert into recipient_run_events (recipient_run_id, event, status, step, attempt, data, inserted_at)
          select id, ${to}, 'ok', step, attempt, ${data}, ${at(now)} from moved
        )
        insert into pending_signals (run_id, kind, rows)
        values (${asleep[0]!.runId}, 'move', ${json(toRanges(moved))}) returning id`,
  )
  const sleepers = asleep.map(({ id, recipient, step, revision }) => ({
    id,
    recipient,
    step,
    due,
    revision: revision + 1,
  }))
  return { id: signal!.id, groups: sleepersOf(sleepers) }
}

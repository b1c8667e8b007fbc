import { sql } from 'drizzle-orm'
import { RUN_LANE } from '../../workflows/lane-name.ts'
import type { Sleepers } from '../../workflows/sleepers.ts'
import { messageLane } from '../ids/lane.ts'
import { triggerIdOf } from '../ids/row-id.ts'
import type { LockedMessage } from '../messages/lock-messages.ts'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import { answerOf, type Answer } from './answer.ts'
import { lanesOf } from './lane-rows.ts'
import { lockRecipientRuns, type LockedRow, type Which } from './lock-recipient-runs.ts'
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

/** What of a recipient run sleeps, and is moved. */
interface Moving {
  row: boolean
  messages: LockedMessage[]
}

/**
 * Moves the sleep recipients are in to another instant: the wait of the step they stand in, or else of the messages that
 * wait for another try; `sent_now` moves both. Revisions grow with it: a hand-out at the old instant is refused, whenever
 * the signal reaches the run, so a message goes out once, at one of the two.
 */
export async function moveIn(
  tx: Database,
  key: { workflow: string; cancelationKey: string | null },
  move: Move,
): Promise<{ answer: Moved & Answer<MoveOutcome>; signal: { id: number; groups: Sleepers[] } | null }> {
  const rows = await lockRecipientRuns(tx, move)
  const moving = new Map(rows.map((row) => [row, movingOf(row, move.to)] as const))
  const moves = ({ row, messages }: Moving) => row || messages.length > 0
  const asleep = rows.filter((row) => moves(moving.get(row)!))
  const signal = asleep.length === 0 ? null : await markMoved(tx, asleep, moving, move)
  const outcomes: readonly MoveOutcome[] = move.to === 'sent_now' ? sendNowOutcomes : rescheduleOutcomes
  const outcomeIn = (row: LockedRow) => (moves(moving.get(row)!) ? move.to : unmovedOutcome(row))
  const answer = answerOf(rows, move.recipients, outcomes, outcomeIn, () => ({}))
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

function movingOf(row: LockedRow, to: Move['to']): Moving {
  // What stands in a batch is not one key's to move.
  const waiting = row.messages.filter(({ state, canceling, sleeps, batchId }) => {
    return state === 'queued' && !canceling && sleeps && batchId === null
  })
  const sleeps = row.sleeps && row.batch === null
  return { row: sleeps, messages: sleeps && to === 'rescheduled' ? [] : waiting }
}

function unmovedOutcome(row: LockedRow): MoveOutcome {
  if (row.status === 'canceled' || (row.canceling && row.batch !== null)) return 'already_canceled'
  if (row.status === 'waiting' || row.batch?.goesOn === true) return 'not_sleeping'
  const claimed = row.messages.filter(({ state }) => state === 'claimed')
  if (row.status === 'claimed' && (row.canceling || row.mayStillAct)) {
    return row.canceling ? 'already_canceled' : 'not_sleeping'
  }
  if (row.status === 'claimed' || claimed.some(({ canceling }) => !canceling)) return 'sending'
  if (row.messages.some(({ canceling }) => canceling)) return 'already_canceled'
  if (row.messages.some(({ state }) => state === 'queued')) return 'not_sleeping'
  return row.messages.some(({ state }) => state === 'reached') ? 'already_sent' : 'ended'
}

async function markMoved(
  tx: Database,
  asleep: readonly LockedRow[],
  moving: ReadonlyMap<LockedRow, Moving>,
  { to, due, now }: Move,
): Promise<{ id: number; groups: Sleepers[] }> {
  const rows = asleep.filter((row) => moving.get(row)!.row)
  const messages = asleep.flatMap((row) => moving.get(row)!.messages)
  const keys = messages.map(({ recipientRunId: r, number: n }) => ({ r, n }))
  const data = json({ scheduled_at: new Date(due).toISOString() })
  const [signal] = await query<{ id: number }>(
    tx,
    sql`with moved as (
          update recipient_runs set due = ${at(due)}, revision = revision + 1, updated_at = ${at(now)}
          where id = any(${ids(rows.map(({ id }) => id))})
        ),
        moved_messages as (
          update messages m set due = ${at(due)}, revision = m.revision + 1, updated_at = ${at(now)}
          from jsonb_to_recordset(${json(keys)}) as x(r bigint, n smallint)
          where m.recipient_run_id = x.r and m.number = x.n
        ),
        lowered as (
          update triggers set next_due = ${at(due)}
          where id = any(${ids([...new Set(asleep.map(({ id }) => triggerIdOf(id)))])})
            and (next_due is null or next_due > ${at(due)})
        ),
        recorded as (
          insert into recipient_run_events (recipient_run_id, event, status, step, attempt, data, inserted_at)
          select id, ${to}, 'ok', step, attempt, ${data}, ${at(now)} from recipient_runs
          where id = any(${ids(asleep.map(({ id }) => id))})
        )
        insert into pending_signals (run_id, kind, lanes, created_at)
        values (${asleep[0]!.runId}, 'move', ${json(lanesOf(rows, messages))}, ${at(now)}) returning id`,
  )
  const nameOf = new Map(asleep.map(({ id, recipient }) => [id, recipient]))
  const sleepers = [
    ...rows.map(({ id, step, revision }) => ({ lane: RUN_LANE, id, step, revision })),
    ...messages.map(({ recipientRunId: id, channelType, number, stepRef: step, revision }) => {
      return { lane: messageLane(channelType, number), id, step, revision }
    }),
  ].map((sleeper) => ({ ...sleeper, recipient: nameOf.get(sleeper.id)!, due, revision: sleeper.revision + 1 }))
  return { id: signal!.id, groups: sleepersOf(sleepers) }
}

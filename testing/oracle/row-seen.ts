// @ts-nocheck: of the first shape, being rewritten
import { sql } from 'drizzle-orm'
import { lastSendOf, type Definition } from '../../definitions/definition.ts'
import { ids, query, type Database } from '../../store/postgres/database.ts'
import type { Move, MoveOutcome } from '../../store/recipient-runs/move.ts'

export interface RowSeen {
  id: number
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  step: number
  attempt: number
  revision: number
  /** Epoch milliseconds. */
  due: number
  canceling: boolean
  /** Who canceled it: an api key, or `temporal` for a cancel by hand. */
  by: string | null
  claim: string | null
  claimAttempt: number
}

/** In the order of their ids. */
export async function loadSeen(db: Database, rows: number[]): Promise<RowSeen[]> {
  const found = await query<RowSeen>(
    db,
    sql`select id, status, step, attempt, revision, (extract(epoch from due) * 1000)::float8 as due,
          cancel_id is not null as canceling, (select api_key from cancels where cancels.id = cancel_id) as by, claim, claim_attempt as "claimAttempt"
        from recipient_runs where id = any(${ids(rows)}) order by id`,
  )
  return found.map((row) => ({ ...row, due: Math.round(row.due) }))
}

/** The step a row stood at when it was last moved, as the store recorded it. */
export async function movedAt(db: Database, row: number): Promise<number> {
  const [moved] = await query<{ step: number }>(
    db,
    sql`select step from recipient_run_events
        where recipient_run_id = ${row} and event in ('rescheduled', 'sent_now') order by id desc limit 1`,
  )
  return moved!.step
}

/** What a move is to answer of a row: asleep after a delay or in a backoff, or why not. */
export function moveOf(row: RowSeen, definition: Definition, to: Move['to'], reached: number[]): MoveOutcome {
  switch (row.status) {
    case 'waiting':
      return row.attempt > 0 || definition.steps[row.step - 1]?.type === 'delay' ? to : 'not_sleeping'
    case 'claimed':
      if (row.step === lastSendOf(definition)) return 'sending'
      return row.canceling ? 'already_canceled' : 'not_sleeping'
    case 'canceled':
      return 'already_canceled'
    case 'ended':
      return reached.length > 0 ? 'already_sent' : 'ended'
  }
}

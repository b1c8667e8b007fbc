import { sql } from 'drizzle-orm'
import type { Lane } from '../../workflows/lane-name.ts'
import { toRanges } from '../../workflows/ranges.ts'
import type { RetryReason, Sleepers } from '../../workflows/sleepers.ts'
import { messageLane, readMessageLane } from '../ids/lane.ts'
import { rowIdsOf, triggerOf } from '../ids/row-id.ts'
import { ids, query, type Database } from '../postgres/database.ts'
import { rowLaneText } from './row-lane.ts'

/** In runs this small signals name their recipients, so that timers and history do. */
export const NAMED = 50

export interface Sleeper {
  lane: Lane
  id: number
  recipient: string
  /** Ref of the step they stand in, or that made the message. */
  step: string
  /** Epoch milliseconds. */
  due: number
  revision: number
  /** Failed tries of a message, or of a recipient run's step; absent: none. */
  tries?: number
  why?: RetryReason
}

/** Sleepers as a run is told of them: grouped by what they share, and named if they are few. */
export function sleepersOf(sleepers: readonly Sleeper[], named = sleepers.length <= NAMED): Sleepers[] {
  const groups = new Map<string, Sleeper[]>()
  for (const sleeper of sleepers) {
    const key = `${sleeper.lane} ${sleeper.due} ${sleeper.revision} ${sleeper.tries ?? 0} ${sleeper.why ?? ''} ${sleeper.step}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [sleeper])
    else group.push(sleeper)
  }
  return [...groups.values()].map((group) => {
    group.sort((a, b) => a.id - b.id)
    const { lane, step, due, revision, tries = 0, why } = group[0]!
    const names = named ? { names: group.map((sleeper) => sleeper.recipient) } : {}
    const rows = toRanges(group.map((sleeper) => sleeper.id))
    return { lane, step, due, revision, rows, ...(tries > 0 && { tries }), ...(why !== undefined && { why }), ...names }
  })
}

/** As far as a run has to wake for them: rows of a lane that wait or act, and messages that are queued or being sent. */
type Which = { triggers: readonly number[] } | { rows: readonly number[] }

/**
 * Who sleeps in a lane of recipient runs or messages, as it is now. Of what is claimed the run wakes at the end of its
 * lease; what waits in a batch is not here.
 */
export async function loadSleepers(db: Database, lane: Lane, which: Which): Promise<Sleeper[]> {
  const message = readMessageLane(lane)
  return message === null ? loadRowSleepers(db, which) : loadMessageSleepers(db, which, message)
}

async function loadRowSleepers(db: Database, which: Which): Promise<Sleeper[]> {
  const rows = await query<Sleeper>(
    db,
    sql`select r.id, r.recipient, r.revision, ${rowLaneText} as lane,
          (extract(epoch from case when r.status = 'claimed' then r.lease_until else r.due end) * 1000)::float8 as due,
          (d.content -> 'steps' -> r.step::int ->> 'ref') as step
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')}
          join definitions d on d.hash = coalesce(r.definition_hash, t.definition_hash)
        where ${within(which, 'r.id')} and r.status in ('waiting', 'claimed')
          and (r.status = 'claimed' or r.due is not null)
        order by r.id`,
  )
  return rows.map((row) => ({ ...row, due: Math.round(row.due) }))
}

async function loadMessageSleepers(
  db: Database,
  which: Which,
  only: { channelType: string; number: number } | null,
): Promise<Sleeper[]> {
  const lane = only === null ? sql`true` : sql`m.channel_type = ${only.channelType} and m.number = ${only.number}`
  const rows = await query<Omit<Sleeper, 'lane'> & { channelType: string; number: number }>(
    db,
    sql`select m.recipient_run_id as id, m.recipient, m.revision, m.attempt as tries, m.channel_type as "channelType", m.number,
          (extract(epoch from coalesce(m.lease_until, m.due)) * 1000)::float8 as due, m.step_ref as step
        from messages m where ${within(which, 'm.recipient_run_id')} and m.status = 'queued' and ${lane}
        order by m.recipient_run_id, m.number`,
  )
  return rows.map(({ channelType, number, ...row }) => {
    return { ...row, lane: messageLane(channelType, number), due: Math.round(row.due) }
  })
}

/** Everything of these triggers, or of these rows, that is still to be served, in all lanes. */
export async function loadAllSleepers(db: Database, which: Which): Promise<Sleeper[]> {
  return [...(await loadRowSleepers(db, which)), ...(await loadMessageSleepers(db, which, null))]
}

function within(which: Which, column: string) {
  if ('rows' in which) return sql`${sql.raw(column)} = any(${ids(which.rows)})`
  return sql`${sql.raw(column)} = any(${rowIdsOf(sql`t.id = any(${ids(which.triggers)})`)})`
}

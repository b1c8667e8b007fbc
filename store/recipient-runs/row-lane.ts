import { sql, type SQL } from 'drizzle-orm'
import { texts } from '../postgres/database.ts'
import { stepKinds } from '../../steps/registry.ts'
import { actLane, RUN_LANE, type Lane } from '../../workflows/lane-name.ts'

/** Kinds of steps that act on the outside by themselves: a recipient run is claimed while one of them does. */
const outside: ReadonlySet<string> = new Set(
  Object.values(stepKinds).flatMap((kind) => (kind.act === undefined ? [] : [kind.type])),
)

/** The lane a recipient run sleeps in: what acts on the outside by itself has lanes of its own. */
export function rowLane(stepType: string, phase: 'enter' | 'wait'): Lane {
  return phase === 'wait' && outside.has(stepType) ? actLane(stepType) : RUN_LANE
}

/** The same in SQL, of `recipient_runs r` and its `definitions d`. */
export const rowLaneText: SQL = sql`case when r.phase = 'wait'
    and d.content -> 'steps' -> r.step::int ->> 'type' = any(${texts([...outside])})
  then (d.content -> 'steps' -> r.step::int ->> 'type') || ${actLane('')} else ${RUN_LANE} end`

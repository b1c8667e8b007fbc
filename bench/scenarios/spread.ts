import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Scenario } from '../bench.ts'
import { benchBelay } from '../ground/belay.ts'
import { historyOf } from '../ground/history.ts'
import { allCommitted, benchPostgres } from '../ground/postgres.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { percentile } from '../samples.ts'

const RECIPIENTS = 10_000
const AHEAD_MS = 5_000

/** Everybody at an instant of their own, as time zones and dates in the recipient's data make it. */
export const spread = scenario('spread', 'ten seconds', 10_000)
export const spreadHour: Scenario = { ...scenario('spread-hour', 'an hour', 3_600_000), onRequest: true }

function scenario(name: string, span: string, spanMs: number): Scenario {
  return {
    name,
    about: `one trigger, 10,000 recipients, 10,000 instants over ${span}: how late each row is committed`,
    run: (bench) => measure(bench, span, spanMs),
  }
}

async function measure(bench: Bench, span: string, spanMs: number): Promise<void> {
  const postgres = await benchPostgres(bench)
  const temporal = await benchTemporal(bench)
  const { caller } = await benchBelay(bench, { postgres, temporal })
  const first = Date.now() + AHEAD_MS
  const instant = (i: number) => first + Math.round((i * spanMs) / RECIPIENTS)
  const recipients = Array.from({ length: RECIPIENTS }, (_, i) => {
    return { id: `spread_${i}`, $trigger_data: { remind_at: new Date(instant(i)).toISOString() } }
  })
  const data = { team: 'Acme', invite: 'spread' }
  await caller.ok('/v1/workflows/reminder/trigger', { recipients, cancelation_key: 'spread', data })
  await wait(instant(RECIPIENTS - 1) - Date.now())
  await allCommitted(postgres, 'spread', RECIPIENTS, 60_000)
  const { rows } = await postgres.pool.query<{ i: number; ms: number }>(
    `select substr(recipient, 8)::int as i, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as ms
     from messages`,
  )
  const late = rows.map(({ i, ms }) => ms - instant(i))
  if (Math.min(...late) < 0) throw new Error(`a row was committed ${-Math.min(...late)} ms before its instant`)
  const { events } = await historyOf(temporal.client, 'reminder/spread')
  const p99 = percentile(late, 0.99)
  bench.figure({ name: `lateness over ${span}, p50`, unit: 'ms', value: percentile(late, 0.5) })
  bench.figure({ name: `lateness over ${span}, p99`, unit: 'ms', value: p99, goal: { atMost: 2_000 } })
  bench.figure({ name: `lateness over ${span}, most`, unit: 'ms', value: Math.max(...late) })
  bench.figure({ name: `events in the last execution, over ${span}`, unit: 'events', value: events })
}

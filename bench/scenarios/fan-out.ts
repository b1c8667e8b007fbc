import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Scenario } from '../bench.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { benchPostgres, commitTimes, type BenchPostgres } from '../ground/postgres.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { repeated } from '../samples.ts'

const RECIPIENTS = 10_000
const REPEATS = 5
/** Long enough for everything to be accepted and settled before the instant. */
const AHEAD_MS = 3_000

/** One trigger for many, one due instant, in-app messages as rows. */
export const fanOut: Scenario = {
  name: 'fan-out',
  about: `one trigger, ${RECIPIENTS} recipients, one instant: from due to the last row committed`,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const belay = await benchBelay(bench, { postgres, temporal })
    const accepted: number[] = []
    const took: number[] = []
    await once(belay, postgres, 1_000, 'warm')
    for (let i = 0; i < REPEATS; i += 1) {
      const run = await once(belay, postgres, RECIPIENTS, `run_${i}`)
      bench.say(`accepted in ${Math.round(run.accepted)} ms, all out ${Math.round(run.took)} ms after due`)
      accepted.push(run.accepted)
      took.push(run.took)
    }
    bench.figure({ name: 'due to last row', unit: 'ms', ...repeated(took) })
    bench.figure({ name: 'accepting', unit: 'ms', ...repeated(accepted) })
  },
}

/** Milliseconds to accept, and from the instant to the last commit. */
export async function once(
  { caller }: BenchBelay,
  { pool }: BenchPostgres,
  count: number,
  key: string,
): Promise<{ accepted: number; took: number }> {
  const at = Date.now() + AHEAD_MS
  const accepted = await remind(caller, { key, recipients: recipients(count, key), at })
  await wait(at - Date.now())
  const where = `recipient like '${key.replace('_', '\\_')}\\_%'`
  for (;;) {
    await wait(100)
    const times = await commitTimes(pool, 'messages', where)
    if (times.length === count) return { accepted, took: times.at(-1)! - at }
  }
}

export type { Bench }

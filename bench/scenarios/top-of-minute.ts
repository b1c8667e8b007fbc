import pLimit from 'p-limit'
import { setTimeout as wait } from 'node:timers/promises'
import type { WorkerOptions } from '@temporalio/worker'
import { Bench, type Scenario } from '../bench.ts'
import { benchBelay } from '../ground/belay.ts'
import { historyOf } from '../ground/history.ts'
import { allCommitted, benchPostgres, commitTimes } from '../ground/postgres.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { percentile, repeated } from '../samples.ts'

const RUNS = 200
const RECIPIENTS = 250
const AHEAD_MS = 25_000
const REPEATS = 3

export interface Rush {
  p50: number
  p99: number
  max: number
  startToClose: number
  scheduleToStart: number
}

/** Many runs due in the same second, as reminders for nine o'clock are. */
export const topOfMinute: Scenario = {
  name: 'top-of-minute',
  about: `${RUNS} runs of ${RECIPIENTS} recipients, all due in the same second: how late their rows are committed`,
  async run(bench) {
    const rushes: Rush[] = []
    for (let i = 0; i < REPEATS; i += 1) {
      rushes.push(await rush({}))
      const { p50, p99, max } = rushes.at(-1)!
      bench.say(`lateness p50 ${Math.round(p50)}, p99 ${Math.round(p99)}, max ${Math.round(max)} ms`)
    }
    const of = (key: keyof Rush) => repeated(rushes.map((each) => each[key]))
    bench.figure({ name: 'lateness, p50', unit: 'ms', ...of('p50') })
    bench.figure({ name: 'lateness, p99', unit: 'ms', ...of('p99') })
    bench.figure({ name: 'lateness, most', unit: 'ms', ...of('max'), goal: { atMost: 12_000 }, note: 'aim: 4,000' })
    const worst = Math.max(...rushes.map((each) => each.startToClose))
    bench.figure({
      name: 'workflow tasks timed out (start to close)',
      unit: 'count',
      value: worst,
      goal: { atMost: 0 },
    })
    bench.figure({ name: 'workflow tasks moved off a sticky queue', unit: 'count', ...of('scheduleToStart') })
  },
}

/** One rush of so many runs on servers of its own; `worker` is laid over worker/options.ts. */
export async function rush(worker: Partial<WorkerOptions>, runs = RUNS, aheadMs = AHEAD_MS): Promise<Rush> {
  const bench = new Bench()
  try {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const { caller } = await benchBelay(bench, { postgres, temporal, worker })
    const at = Date.now() + aheadMs
    const limit = pLimit(8)
    const one = (i: number) => remind(caller, { key: `r${i}`, recipients: recipients(RECIPIENTS, `rush_${i}`), at })
    await Promise.all(Array.from({ length: runs }, (_, i) => limit(() => one(i))))
    if (Date.now() > at - 2_000) throw new Error('the instant came before all were accepted')
    await wait(at - Date.now())
    await allCommitted(postgres, 'rush', runs * RECIPIENTS, 120_000)
    const late = (await commitTimes(postgres.pool, 'messages')).map((time) => time - at)
    const histories = []
    for (let i = 0; i < runs; i += 1) histories.push(await historyOf(temporal.client, `reminder/r${i}`))
    return {
      p50: percentile(late, 0.5),
      p99: percentile(late, 0.99),
      max: late.at(-1)!,
      startToClose: histories.reduce((sum, each) => sum + each.startToClose, 0),
      scheduleToStart: histories.reduce((sum, each) => sum + each.scheduleToStart, 0),
    }
  } finally {
    await bench.close()
  }
}

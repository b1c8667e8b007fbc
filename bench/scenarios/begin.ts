import type { WorkerOptions } from '@temporalio/worker'
import { Bench, type Scenario } from '../bench.ts'
import { benchBelay } from '../ground/belay.ts'
import { AT_ONCE, burst, type Burst } from '../ground/burst.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { remind } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { repeated } from '../samples.ts'

const TRIGGERS = 500
const REPEATS = 5
const DAY_MS = 86_400_000

/** What decides how many new runs a worker takes on at once. */
const settings: Record<string, Partial<WorkerOptions>> = {
  'as shipped': {},
  'a fifth of the pollers': { nonStickyToStickyPollRatio: 0.2 },
  '20 workflow tasks at once': { maxConcurrentWorkflowTaskExecutions: 20 },
  "the SDK's settings": { maxConcurrentWorkflowTaskExecutions: 40, nonStickyToStickyPollRatio: 0.2 },
}

/** A trigger that is due at once waits for its run to begin: worker/options.ts gives new runs their share for this. */
export const begin: Scenario = {
  name: 'begin',
  about: `${TRIGGERS} triggers by ${AT_ONCE} callers, from the first call until all their runs have begun`,
  async run(bench) {
    const bursts = new Map<string, Burst[]>(Object.keys(settings).map((name) => [name, []]))
    for (let round = 0; round < REPEATS; round += 1) {
      for (const [name, options] of Object.entries(settings)) {
        const one = await burstUnder(options)
        bursts.get(name)!.push(one)
        bench.say(`${name}: accepted ${Math.round(one.acceptedMs)}, begun ${Math.round(one.begunMs)} ms`)
      }
    }
    for (const [name, all] of bursts) {
      const accepted = repeated(all.map(({ acceptedMs }) => acceptedMs))
      bench.figure({ name: `all begun: ${name}`, unit: 'ms', ...repeated(all.map(({ begunMs }) => begunMs)) })
      bench.figure({ name: `all accepted: ${name}`, unit: 'ms', ...accepted })
    }
  },
}

/** On servers of its own; `worker` is laid over worker/options.ts. */
async function burstUnder(worker: Partial<WorkerOptions>): Promise<Burst> {
  const bench = new Bench()
  try {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const { caller } = await benchBelay(bench, { postgres, temporal, worker })
    const at = Date.now() + DAY_MS
    const workflowIds = Array.from({ length: TRIGGERS }, (_, i) => `reminder/b${i}`)
    return await burst(temporal, workflowIds, (i) => remind(caller, { key: `b${i}`, recipients: ['user'], at }))
  } finally {
    await bench.close()
  }
}

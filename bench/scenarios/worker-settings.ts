import type { WorkerOptions } from '@temporalio/worker'
import pLimit from 'p-limit'
import { Bench, type Scenario } from '../bench.ts'
import { benchBelay } from '../ground/belay.ts'
import { begun } from '../ground/begun.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { remind } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { repeated } from '../samples.ts'
import { rush, type Rush } from './top-of-minute.ts'

const REPEATS = 5
/** A third of the rush: each setting has its turn several times. */
const RUNS = 60
const AHEAD_MS = 8_000
const BURST = 500
const AT_ONCE = 32

const pollers = (maximum: number): Partial<WorkerOptions> => ({
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum },
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum },
})

/** Each differs from worker/options.ts in one thing. */
const settings: Record<string, Partial<WorkerOptions>> = {
  'as shipped': {},
  "the SDK's share of pollers for new runs": { nonStickyToStickyPollRatio: 0.2 },
  '10 activities at once': { maxConcurrentActivityTaskExecutions: 10 },
  '100 activities at once': { maxConcurrentActivityTaskExecutions: 100 },
  '5 workflow tasks at once': { maxConcurrentWorkflowTaskExecutions: 5 },
  '20 workflow tasks at once': { maxConcurrentWorkflowTaskExecutions: 20 },
  '40 workflow tasks at once': { maxConcurrentWorkflowTaskExecutions: 40 },
  '2 pollers': pollers(2),
  '20 pollers': pollers(20),
  '50 runs cached': { maxCachedWorkflows: 50 },
  'sticky for 2 s': { stickyQueueScheduleToStartTimeout: '2s' },
}

/** How the numbers in worker/options.ts were chosen: single runs differ too much, so each setting has its repeats. */
export const workerSettings: Scenario = {
  name: 'worker-settings',
  about: `the top of the minute, and ${BURST} triggers at once, under other worker options: ${REPEATS} repeats each, in turns`,
  onRequest: true,
  async run(bench) {
    const names = Object.keys(settings)
    const rushes = new Map<string, Rush[]>(names.map((name) => [name, []]))
    const bursts = new Map<string, number[]>(names.map((name) => [name, []]))
    for (let round = 0; round < REPEATS; round += 1) {
      for (const [name, options] of Object.entries(settings)) {
        const one = await rush(options, RUNS, AHEAD_MS)
        rushes.get(name)!.push(one)
        const begunMs = await burst(options)
        bursts.get(name)!.push(begunMs)
        bench.say(`${name}: p50 ${Math.round(one.p50)}, most ${Math.round(one.max)}, begun ${Math.round(begunMs)} ms`)
      }
    }
    for (const name of names) {
      const of = rushes.get(name)!
      bench.figure({ name: `lateness, most: ${name}`, unit: 'ms', ...repeated(of.map(({ max }) => max)) })
      bench.figure({ name: `lateness, p50: ${name}`, unit: 'ms', ...repeated(of.map(({ p50 }) => p50)) })
      bench.figure({ name: `all begun: ${name}`, unit: 'ms', ...repeated(bursts.get(name)!) })
    }
  },
}

/** How long after the first of many triggers all their runs have begun, on servers of its own. */
async function burst(worker: Partial<WorkerOptions>): Promise<number> {
  const bench = new Bench()
  try {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const { caller } = await benchBelay(bench, { postgres, temporal, worker })
    const at = Date.now() + 86_400_000
    const limit = pLimit(AT_ONCE)
    const one = (i: number) => remind(caller, { key: `b${i}`, recipients: ['user'], at })
    const started = performance.now()
    await Promise.all(Array.from({ length: BURST }, (_, i) => limit(() => one(i))))
    await begun(
      temporal,
      Array.from({ length: AT_ONCE }, (_, i) => `reminder/b${BURST - 1 - i}`),
    )
    return performance.now() - started
  } finally {
    await bench.close()
  }
}

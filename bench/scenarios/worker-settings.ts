import type { WorkerOptions } from '@temporalio/worker'
import type { Scenario } from '../bench.ts'
import { repeated } from '../samples.ts'
import { rush, type Rush } from './top-of-minute.ts'

const REPEATS = 5
/** A third of the rush: each setting has its turn several times. */
const RUNS = 60
const AHEAD_MS = 12_000

const pollers = (maximum: number): Partial<WorkerOptions> => ({
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum },
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum },
})

/** Each differs from worker/options.ts in one thing. */
const settings: Record<string, Partial<WorkerOptions>> = {
  'as shipped': {},
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
  about: `the top of the minute under other worker options, ${REPEATS} repeats each, in turns`,
  onRequest: true,
  async run(bench) {
    const rushes = new Map<string, Rush[]>(Object.keys(settings).map((name) => [name, []]))
    for (let round = 0; round < REPEATS; round += 1) {
      for (const [name, options] of Object.entries(settings)) {
        const one = await rush(options, RUNS, AHEAD_MS)
        rushes.get(name)!.push(one)
        bench.say(`${name}: p50 ${Math.round(one.p50)}, most ${Math.round(one.max)} ms`)
      }
    }
    for (const [name, runs] of rushes) {
      bench.figure({ name: `lateness, most: ${name}`, unit: 'ms', ...repeated(runs.map(({ max }) => max)) })
      bench.figure({ name: `lateness, p50: ${name}`, unit: 'ms', ...repeated(runs.map(({ p50 }) => p50)) })
    }
  },
}

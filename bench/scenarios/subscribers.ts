import type { Bench, Scenario } from '../bench.ts'
import { share } from '../figure.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { remind } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { percentile, repeated } from '../samples.ts'

/** Of one object; BENCH_SUBSCRIBERS says fewer, to try the bench itself. */
const SUBSCRIBERS = Number(process.env['BENCH_SUBSCRIBERS'] ?? 100_000)
const REPEATS = 3
const CANCELS = 50
const TEAM = { collection: 'teams', id: 'all' }
/** Asleep while it is measured. */
const AHEAD_MS = 3_600_000

/** One trigger for an object with many subscribers, and cancels among them. */
export const subscribers: Scenario = {
  name: 'subscribers',
  onRequest: true,
  about: `one trigger for an object of ${SUBSCRIBERS.toLocaleString('en-US')} subscribers: accepted, in how much memory, canceled`,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const belay = await benchBelay(bench, { postgres, temporal: await benchTemporal(bench) })
    const { caller } = belay
    await postgres.pool.query(
      `insert into subscriptions (object, recipient, properties, inserted_at, updated_at)
       select 'teams#all', 'sub_' || i, '{}', now(), now() from generate_series(1, ${SUBSCRIBERS}) as i`,
    )
    await postgres.pool.query('analyze subscriptions')
    await remind(caller, { key: 'warm', recipients: ['warm'], at: Date.now() + AHEAD_MS })
    const memory = memoryOf(bench, belay)
    const before = memory.most()
    const accepted: number[] = []
    const wholes: number[] = []
    const ones: number[] = []
    for (let i = 0; i < REPEATS; i += 1) {
      const key = `object${i}`
      accepted.push(await remind(caller, { key, recipients: [TEAM], at: Date.now() + AHEAD_MS }))
      bench.say(`accepted in ${Math.round(accepted.at(-1)!)} ms`)
      ones.push(...(await cancels(belay, key, (n) => `sub_${n * Math.floor(SUBSCRIBERS / CANCELS) + 1}`)))
      wholes.push((await cancel(belay, key, [TEAM])).ms)
      bench.say(`all of it canceled in ${Math.round(wholes.at(-1)!)} ms`)
    }
    const alone: number[] = []
    for (let n = 0; n < CANCELS; n += 1) {
      await remind(caller, { key: `alone${n}`, recipients: ['one', 'two'], at: Date.now() + AHEAD_MS })
      alone.push((await cancel(belay, `alone${n}`, ['one'])).ms)
    }
    const { api, worker } = memory.most()
    bench.figure({ name: 'accepting all subscribers', unit: 'ms', ...repeated(accepted), goal: { atMost: 10_000 } })
    const one = percentile(ones, 0.5)
    bench.figure({
      name: 'canceling one of them, the median',
      unit: 'ms',
      value: one,
      ...share(one, 'one of a trigger for two', percentile(alone, 0.5)),
      goal: { atMost: 5 },
    })
    bench.figure({ name: 'canceling one of them, p95', unit: 'ms', value: percentile(ones, 0.95) })
    bench.figure({ name: 'canceling the object and who came by it', unit: 'ms', ...repeated(wholes) })
    bench.figure({
      name: 'the api’s memory at most',
      unit: 'MB',
      value: api / 1e6,
      ...share(api / 1e6, 'before', before.api / 1e6),
    })
    bench.figure({ name: 'the worker’s memory at most', unit: 'MB', value: worker / 1e6 })
  },
}

async function cancels(belay: BenchBelay, key: string, whom: (n: number) => string): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; n < CANCELS; n += 1) took.push((await cancel(belay, key, [whom(n)])).ms)
  return took
}

async function cancel({ caller }: BenchBelay, key: string, recipients: unknown[]): Promise<{ ms: number }> {
  const { ms } = await caller.ok('/v1/workflows/reminder/cancel', { cancelation_key: key, recipients })
  return { ms }
}

/** Looks at the resident memory of both processes, ten times a second. */
function memoryOf(bench: Bench, { api, worker }: BenchBelay): { most: () => { api: number; worker: number } } {
  const most = { api: api.memory(), worker: worker.memory() }
  const look = () => {
    most.api = Math.max(most.api, api.memory())
    most.worker = Math.max(most.worker, worker.memory())
  }
  const timer = setInterval(look, 100)
  bench.after(() => clearInterval(timer))
  return { most: () => ({ ...most }) }
}

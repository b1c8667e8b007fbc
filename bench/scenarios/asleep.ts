import pLimit from 'p-limit'
import { statSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Scenario } from '../bench.ts'
import { share } from '../figure.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { allCommitted, benchPostgres, type BenchPostgres } from '../ground/postgres.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { benchTemporal, type BenchTemporal } from '../ground/temporal.ts'
import { percentile } from '../samples.ts'

const A_RUN = 100
const SIZES = [1_000, 10_000, 100_000]
const CANCELS = 100
const DAY_MS = 86_400_000

/** What it costs to wait: the same product with more and more recipients asleep. */
export const asleep: Scenario = {
  name: 'asleep',
  about: 'recipients asleep in runs of 100: their bytes, the memory of the worker, and what a cancel among them takes',
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench, 'file')
    const belay = await benchBelay(bench, { postgres, temporal })
    const empty = await sizes(postgres, temporal)
    await sleepers(belay, 0, 1)
    const few = await cancels(belay, 1)
    bench.figure({ name: 'cancel to verdict p50, 100 asleep', unit: 'ms', value: few })
    let runs = 1
    for (const size of SIZES) {
      const rate = await sleepers(belay, runs, size / A_RUN)
      runs = size / A_RUN
      await wait(2_000)
      await figures(bench, { postgres, temporal, belay, size, empty, rate, few })
    }
    const tookMs = await belay.restartWorker()
    const at = Date.now()
    await remind(belay.caller, { key: 'after', recipients: ['after_0'], at })
    const first = (await allCommitted(postgres, 'after', 1, 60_000)) - at
    bench.figure({ name: 'worker polls again after a restart, 100,000 asleep', unit: 'ms', value: tookMs })
    bench.figure({ name: 'first message after the restart, from its trigger', unit: 'ms', value: first })
  },
}

interface Sizes {
  temporal: number
  store: number
}

interface Slept {
  postgres: BenchPostgres
  temporal: BenchTemporal
  belay: BenchBelay
  size: number
  empty: Sizes
  rate: number
  few: number
}

async function figures(bench: Bench, { postgres, temporal, belay, size, empty, rate, few }: Slept): Promise<void> {
  const at = `${size.toLocaleString('en-US')} asleep`
  const now = await sizes(postgres, temporal)
  const took = await cancels(belay, size / A_RUN)
  bench.say(`${at}: accepted ${Math.round(rate)} recipients a second, a cancel took ${took.toFixed(1)} ms`)
  const inTemporal = (now.temporal - empty.temporal) / size
  bench.figure({ name: `Temporal, bytes a sleeper, ${at}`, unit: 'bytes', value: inTemporal })
  bench.figure({ name: `store, bytes a sleeper, ${at}`, unit: 'bytes', value: (now.store - empty.store) / size })
  bench.figure({ name: `worker's resident memory, ${at}`, unit: 'MB', value: belay.worker.memory() / 1e6 })
  bench.figure({ name: `recipients accepted, ${at}`, unit: 'a second', value: rate })
  const goal = size === SIZES.at(-1) ? { goal: { atMost: 1.5 } } : {}
  const compared = share(took, '100 asleep', few)
  bench.figure({ name: `cancel to verdict p50, ${at}`, unit: 'ms', value: took, ...compared, ...goal })
}

/** Runs number `from` up to `to`, of 100 each. Answers recipients accepted a second. */
async function sleepers({ caller }: BenchBelay, from: number, to: number): Promise<number> {
  const at = Date.now() + DAY_MS
  const limit = pLimit(8)
  const started = performance.now()
  const one = (i: number) => remind(caller, { key: `run${i}`, recipients: recipients(A_RUN, `s${i}`), at })
  await Promise.all(Array.from({ length: to - from }, (_, i) => limit(() => one(from + i))))
  return ((to - from) * A_RUN * 1_000) / (performance.now() - started)
}

let canceled = 0

/** The median of cancels of one recipient each, one by one, among so many runs. */
async function cancels({ caller }: BenchBelay, runs: number): Promise<number> {
  const took: number[] = []
  // A tenth of the recipients of a lone run; then everywhere.
  for (let i = 0; i < (runs === 1 ? A_RUN / 2 : CANCELS); i += 1) {
    const run = Math.floor((i * runs) / CANCELS) % runs
    canceled += 1
    const body = { cancelation_key: `run${run}`, recipients: [`s${run}_${canceled % A_RUN}`] }
    took.push((await caller.ok('/v1/workflows/reminder/cancel', body)).ms)
    await wait(20)
  }
  return percentile(took, 0.5)
}

async function sizes({ pool }: BenchPostgres, { file }: BenchTemporal): Promise<Sizes> {
  const tables = ['recipient_runs', 'triggers', 'runs', 'pending_signals']
  const { rows } = await pool.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(name::regclass)) as bytes from unnest($1::text[]) as name`,
    [tables],
  )
  return { temporal: statSync(file!).size, store: Number(rows[0]!.bytes) }
}

import { Client, Connection } from '@temporalio/client'
import pLimit from 'p-limit'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../test/support/process.ts'
import type { Bench, Scenario } from '../bench.ts'
import { share } from '../figure.ts'
import { benchBelay } from '../ground/belay.ts'
import type { Caller } from '../ground/caller.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { benchTemporal, type BenchTemporal } from '../ground/temporal.ts'
import { mean, percentile, repeated } from '../samples.ts'

const TRIGGERS = 1_000
const AT_ONCE = 32
const CANCELS = 200
const REPEATS = 6
/** Node compiles what is hot only after some thousand calls. */
const WARM = 2_000
const DAY_MS = 86_400_000
const RAW_QUEUE = 'bench-raw'

/** What a caller waits for, against the same call made to Temporal by hand, on the same server. */
export const calls: Scenario = {
  name: 'calls',
  about: `triggers a second by ${AT_ONCE} callers against raw signalWithStart; a cancel's verdict against a raw signal`,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const { caller } = await benchBelay(bench, { postgres, temporal })
    const raw = await rawRuns(bench, temporal)
    const places = { caller, raw, temporal }
    await round(places, { prefix: 'warm', count: WARM, ours: 'first' })
    const rates: Round[] = []
    for (let i = 0; i < REPEATS; i += 1) {
      // The server slows down with each run it holds: who comes second has the worse half of the round.
      const ours = i % 2 === 0 ? 'first' : 'second'
      const rate = await round(places, { prefix: `round_${i}`, count: TRIGGERS, ours })
      bench.say(`triggers a second: ${Math.round(rate.belay)}, raw ${Math.round(rate.raw)}`)
      rates.push(rate)
    }
    const baseline = { name: 'raw signalWithStart', value: repeated(rates.map(({ raw }) => raw)).value }
    bench.figure({
      name: 'triggers accepted',
      unit: 'a second',
      ...repeated(rates.map(({ belay }) => belay)),
      baseline,
      ratio: mean(rates.map(({ belay, raw }) => belay / raw)),
      goal: { atLeast: 0.8 },
      note: 'the ratio is the mean of those of the rounds, in each of which both are measured, in turns who is first',
    })
    await cancels(bench, caller, raw)
  },
}

/** Calls a second. */
interface Round {
  belay: number
  raw: number
}

/** Both for as many runs, one after the other: ours, and Temporal alone. */
async function round(
  { caller, raw, temporal }: { caller: Caller; raw: RawRuns; temporal: BenchTemporal },
  { prefix, count, ours }: { prefix: string; count: number; ours: 'first' | 'second' },
): Promise<Round> {
  const at = Date.now() + DAY_MS
  const one = (i: number) => remind(caller, { key: `${prefix}_${i}`, recipients: [`user_${i}`], at })
  const rates = { belay: 0, raw: 0 }
  const last = Array.from({ length: AT_ONCE }, (_, i) => `${prefix}_${count - 1 - i}`)
  // Workers take some seconds longer to begin all these runs: not charged to who comes next.
  const belay = async () => {
    rates.belay = await rate(count, one)
    await begun(
      temporal,
      last.map((key) => `reminder/${key}`),
    )
  }
  const temporalAlone = async () => {
    rates.raw = await rate(count, (i) => raw.start(`${prefix}_${i}`, `user_${i}`))
    await begun(
      temporal,
      last.map((key) => `raw/${key}`),
    )
  }
  for (const measure of ours === 'first' ? [belay, temporalAlone] : [temporalAlone, belay]) await measure()
  return rates
}

/** Until a worker has carried out the first task of these runs: a queue hands them out in their order. */
async function begun({ client }: BenchTemporal, workflowIds: string[]): Promise<void> {
  for (const workflowId of workflowIds) {
    const handle = client.workflow.getHandle(workflowId)
    for (const deadline = Date.now() + 120_000; (await handle.describe()).historyLength < 5; await wait(200)) {
      if (Date.now() > deadline) throw new Error(`${workflowId} has not begun after 2 minutes`)
    }
  }
}

async function rate(count: number, call: (i: number) => Promise<unknown>): Promise<number> {
  const limit = pLimit(AT_ONCE)
  const started = performance.now()
  await Promise.all(Array.from({ length: count }, (_, i) => limit(() => call(i))))
  return (count / (performance.now() - started)) * 1_000
}

async function cancels(bench: Bench, caller: Caller, raw: RawRuns): Promise<void> {
  const names = recipients(2)
  const belay: number[] = []
  const signals: number[] = []
  const at = Date.now() + DAY_MS
  for (let i = 0; i < CANCELS; i += 1) {
    const key = `cancel_${i}`
    await remind(caller, { key, recipients: names, at })
    await raw.start(key, names[0]!)
  }
  for (let i = 0; i < CANCELS; i += 1) {
    const key = `cancel_${i}`
    const body = { cancelation_key: key, recipients: [names[1]] }
    const { ms, body: verdict } = await caller.ok('/v1/workflows/reminder/cancel', body)
    if (verdict['status'] !== 'applied') throw new Error(`not applied: ${JSON.stringify(verdict)}`)
    belay.push(ms)
    const started = performance.now()
    await raw.signal(key, names[0]!)
    signals.push(performance.now() - started)
  }
  const p50 = percentile(belay, 0.5)
  const compared = share(p50, 'raw signal, p50', percentile(signals, 0.5))
  bench.figure({ name: 'cancel to verdict, one by one, p50', unit: 'ms', value: p50, ...compared, goal: { atMost: 2 } })
  const p99 = percentile(belay, 0.99)
  const slowest = share(p99, 'raw signal, p99', percentile(signals, 0.99))
  bench.figure({ name: 'cancel to verdict, one by one, p99', unit: 'ms', value: p99, ...slowest })
}

interface RawRuns {
  start(id: string, user: string): Promise<unknown>
  signal(id: string, user: string): Promise<void>
}

/** The least that Temporal can do for a reminder: a workflow that sleeps, and takes signals. */
export async function rawRuns(bench: Bench, { address }: BenchTemporal): Promise<RawRuns> {
  const file = fileURLToPath(new URL('../baselines/raw-worker.ts', import.meta.url))
  const worker = runScript(file, [], { TEMPORAL_ADDRESS: address, RAW_QUEUE })
  bench.after(async () => {
    worker.kill('SIGTERM')
    await worker.ended
  })
  await worker.says('raw worker polls')
  const connection = await Connection.connect({ address })
  bench.after(() => connection.close())
  const { workflow } = new Client({ connection })
  return {
    start: (id, user) =>
      workflow.signalWithStart('rawReminder', {
        workflowId: `raw/${id}`,
        taskQueue: RAW_QUEUE,
        args: [DAY_MS],
        signal: 'add',
        signalArgs: [user],
      }),
    signal: (id, user) => workflow.getHandle(`raw/${id}`).signal('add', user),
  }
}

import { Client, Connection } from '@temporalio/client'
import { fileURLToPath } from 'node:url'
import { runScript } from '../../testing/servers/process.ts'
import type { Bench, Scenario } from '../bench.ts'
import { share } from '../figure.ts'
import { benchBelay } from '../ground/belay.ts'
import { AT_ONCE, burst } from '../ground/burst.ts'
import type { Caller } from '../ground/caller.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { benchTemporal, type BenchTemporal } from '../ground/temporal.ts'
import { mean, percentile, repeated } from '../samples.ts'

const TRIGGERS = 1_000
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
    const rounds: Round[] = []
    for (let i = 0; i < REPEATS; i += 1) {
      // The server slows down with each run it holds: who comes second has the worse half of the round.
      const ours = i % 2 === 0 ? 'first' : 'second'
      const { belay, raw: alone } = await round(places, { prefix: `round_${i}`, count: TRIGGERS, ours })
      for (const [name, rates] of Object.entries({ belay, raw: alone })) {
        bench.say(`${name}: ${Math.round(rates.accepted)} accepted a second, ${Math.round(rates.begun)} begun`)
      }
      rounds.push({ belay, raw: alone })
    }
    const compare = (key: keyof Rates) => ({
      unit: 'a second' as const,
      ...repeated(rounds.map(({ belay }) => belay[key])),
      baseline: { name: 'raw signalWithStart', value: repeated(rounds.map(({ raw }) => raw[key])).value },
      ratio: mean(rounds.map(({ belay, raw }) => belay[key] / raw[key])),
    })
    bench.figure({
      name: 'triggers accepted',
      ...compare('accepted'),
      goal: { atLeast: 0.8 },
      note: 'the ratio is the mean of those of the rounds, in each of which both are measured, in turns who is first',
    })
    bench.figure({ name: 'triggers accepted and their runs begun', ...compare('begun'), goal: { atLeast: 0.8 } })
    await cancels(bench, caller, raw)
  },
}

/** A second. */
interface Rates {
  accepted: number
  /** Carried through: until the last runs have begun. */
  begun: number
}

interface Round {
  belay: Rates
  raw: Rates
}

/** Both for as many runs, one after the other: ours, and Temporal alone. */
async function round(
  { caller, raw, temporal }: { caller: Caller; raw: RawRuns; temporal: BenchTemporal },
  { prefix, count, ours }: { prefix: string; count: number; ours: 'first' | 'second' },
): Promise<Round> {
  const at = Date.now() + DAY_MS
  const keys = Array.from({ length: count }, (_, i) => `${prefix}_${i}`)
  const measure = async (type: string, call: (key: string, i: number) => Promise<unknown>): Promise<Rates> => {
    const workflowIds = keys.map((key) => `${type}/${key}`)
    const { acceptedMs, begunMs } = await burst(temporal, workflowIds, (i) => call(keys[i]!, i))
    return { accepted: (count / acceptedMs) * 1_000, begun: (count / begunMs) * 1_000 }
  }
  const belay = () => measure('reminder', (key, i) => remind(caller, { key, recipients: [`user_${i}`], at }))
  const alone = () => measure('raw', (key, i) => raw.start(key, `user_${i}`))
  if (ours === 'first') return { belay: await belay(), raw: await alone() }
  const first = await alone()
  return { belay: await belay(), raw: first }
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

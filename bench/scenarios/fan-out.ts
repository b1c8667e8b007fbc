import { setTimeout as wait } from 'node:timers/promises'
import { bullmqOnce } from '../baselines/bullmq.ts'
import { recipientsOnce } from '../baselines/recipient-runs.ts'
import type { Bench, Scenario } from '../bench.ts'
import { faster } from '../figure.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { allCommitted, benchPostgres, type BenchPostgres } from '../ground/postgres.ts'
import { benchRedis } from '../ground/redis.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { percentile, repeated } from '../samples.ts'

const RECIPIENTS = 10_000
const REPEATS = 5
/** Long enough for everything to be accepted and settled before the instant. */
const AHEAD_MS = 3_000
const CONCURRENCIES = [10, 50, 200]
/** What a child workflow or an activity for each recipient is measured at: more jams a server. */
const FEWER = 1_000

/** One trigger for many, one due instant, in-app messages as rows. */
export const fanOut: Scenario = {
  name: 'fan-out',
  about: `one trigger, ${RECIPIENTS.toLocaleString('en-US')} recipients, one instant: from due to the last row committed`,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const belay = await benchBelay(bench, { postgres, temporal })
    const redis = await benchRedis(bench)
    // As BullMQ is warmed by looking for its best concurrency.
    await once(belay, postgres, RECIPIENTS, 'warm')
    const best = redis === undefined ? undefined : await bestConcurrency(bench, redis, postgres)

    const ours: Taken[] = []
    const theirs: Taken[] = []
    const bare: Taken[] = []
    for (let i = 0; i < REPEATS; i += 1) {
      await postgres.rest()
      ours.push(await once(belay, postgres, RECIPIENTS, `belay${i}`))
      bench.say(`Belay: ${told(ours.at(-1)!)}`)
      if (redis === undefined || best === undefined) continue
      const run = { backend: redis, concurrency: best, count: RECIPIENTS }
      await postgres.rest()
      theirs.push(taken(await bullmqOnce({ ...run, key: `bullmq${i}`, postgres })))
      bare.push(taken(await bullmqOnce({ ...run, key: `bare${i}` })))
      bench.say(`BullMQ: ${told(theirs.at(-1)!)}; without rows ${told(bare.at(-1)!)}`)
    }
    const onPostgres = await bullmqOnPostgres(bench, postgres)
    const took = repeated(ours.map((run) => run.took))
    const accepted = repeated(ours.map((run) => run.accepted))
    const name = '10,000 recipients, due to last row'
    const sameServer = faster(took.value, 'BullMQ on Postgres, same rows', onPostgres)
    bench.figure({ name: `${name}, against BullMQ on the same Postgres`, unit: 'ms', ...took, ...sameServer })
    if (best === undefined) {
      bench.figure({ name, unit: 'ms', ...took })
      bench.figure({ name: 'accepting 10,000 recipients', unit: 'ms', ...accepted })
    } else {
      const bullmq = median(theirs, 'took')
      const added = median(theirs, 'accepted')
      const note = `BullMQ at ${best} jobs at once, the best of ${CONCURRENCIES.join(', ')}`
      const rows = faster(took.value, 'BullMQ, same rows', bullmq)
      bench.figure({ name, unit: 'ms', ...took, ...rows, goal: { atLeast: 3 }, note })
      const none = faster(took.value, 'BullMQ, no rows', median(bare, 'took'))
      bench.figure({ name: `${name}, against BullMQ that writes nothing`, unit: 'ms', ...took, ...none })
      const bulk = faster(accepted.value, 'BullMQ addBulk', added)
      bench.figure({ name: 'accepting 10,000 recipients', unit: 'ms', ...accepted, ...bulk, goal: { atLeast: 2 } })
    }

    const small = []
    for (let i = 0; i < 3; i += 1) small.push((await once(belay, postgres, FEWER, `few${i}`)).took)
    const few = repeated(small)
    const run = { temporal, postgres, count: FEWER }
    const activity = await recipientsOnce('activityPerRecipient', { ...run, key: 'activity' }, 15_000)
    bench.say(`an activity a recipient: ${Math.round(activity)} ms`)
    const child = await recipientsOnce('childPerRecipient', { ...run, key: 'child' }, 1_000)
    bench.say(`a child workflow a recipient: ${Math.round(child)} ms`)
    const against = (baseline: string, value: number, goal: number) =>
      bench.figure({
        name: `1,000 recipients, due to last row, against ${baseline} a recipient`,
        unit: 'ms',
        ...few,
        ...faster(few.value, baseline, value),
        goal: { atLeast: goal },
      })
    against('an activity', activity, 10)
    against('a child workflow', child, 50)

    await bench.within(async (inner) => {
      const server = await benchPostgres(inner)
      const file = await benchBelay(inner, { postgres: server, temporal: await benchTemporal(inner, 'file') })
      await once(file, server, FEWER, 'warm')
      const runs = []
      for (let i = 0; i < 3; i += 1) runs.push(await once(file, server, RECIPIENTS, `file${i}`))
      inner.figure({ name: `${name}, Temporal with a database file`, unit: 'ms', ...repeated(runs.map((r) => r.took)) })
    })
  },
}

interface Taken {
  accepted: number
  took: number
}

const taken = ({ added, took }: { added: number; took: number }): Taken => ({ accepted: added, took })
const told = ({ accepted, took }: Taken) =>
  `accepted in ${Math.round(accepted)} ms, all out ${Math.round(took)} ms after due`
const median = (runs: Taken[], key: keyof Taken) =>
  percentile(
    runs.map((run) => run[key]),
    0.5,
  )

async function bestConcurrency(bench: Bench, backend: number | string, postgres: BenchPostgres): Promise<number> {
  const tried: { concurrency: number; took: number }[] = []
  for (const concurrency of CONCURRENCIES) {
    const { took } = await bullmqOnce({
      backend,
      concurrency,
      count: RECIPIENTS,
      key: `try${concurrency}${typeof backend}`,
      postgres,
    })
    bench.say(
      `BullMQ${typeof backend === 'string' ? ' on Postgres' : ''}, ${concurrency} jobs at once: ${Math.round(took)} ms`,
    )
    tried.push({ concurrency, took })
  }
  return tried.sort((a, b) => a.took - b.took)[0]!.concurrency
}

/** BullMQ with its jobs in Postgres, beside the rows, at the best of the concurrencies: the median of three. */
async function bullmqOnPostgres(bench: Bench, postgres: BenchPostgres): Promise<number> {
  const run = { backend: postgres.url, concurrency: await bestConcurrency(bench, postgres.url, postgres) }
  const all: Taken[] = []
  for (let i = 0; i < 3; i += 1) {
    await postgres.rest()
    all.push(taken(await bullmqOnce({ ...run, count: RECIPIENTS, key: `postgres${i}`, postgres })))
    bench.say(`BullMQ on Postgres: ${told(all.at(-1)!)}`)
  }
  return median(all, 'took')
}

/** Milliseconds to accept, and from the instant to the last commit. */
async function once({ caller }: BenchBelay, postgres: BenchPostgres, count: number, key: string): Promise<Taken> {
  const at = Date.now() + AHEAD_MS
  const accepted = await remind(caller, { key, recipients: recipients(count, key), at })
  await wait(at - Date.now())
  return { accepted, took: (await allCommitted(postgres, key, count, 60_000)) - at }
}

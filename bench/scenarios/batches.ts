import pLimit from 'p-limit'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bullmqBatchesOnce } from '../baselines/bullmq-batches.ts'
import type { Scenario } from '../bench.ts'
import { faster, type Figure } from '../figure.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { allCommitted, benchPostgres, commitTimes, type BenchPostgres } from '../ground/postgres.ts'
import { benchRedis } from '../ground/redis.ts'
import { recipients } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'

/** Fewer only to see that it works: what it finds is no figure then. */
const SIZE = Number(process.env['BENCH_BATCHES'] ?? 10_000)
const RECIPIENTS = SIZE
/** Activities of each recipient: one opens, nine join. */
const EACH = 10
const TRIGGERS = SIZE
/** With a run for each, which the dev server begins some 50 of a second: all must have joined before the batch closes. */
const KEYS = SIZE / 5
const size = SIZE.toLocaleString('en-US')
const CALLERS = 32
const CONCURRENCY = 50
const DEADLINE_MS = 600_000
const AHEAD_MS = 5_000
const notifications = fileURLToPath(new URL('../notifications-batch', import.meta.url))

/** Digests of many recipients, and one digest of many triggers, against the same gathered by hand. */
export const batches: Scenario = {
  name: 'batches',
  about: `${size} batches of ten, and ${size} triggers into one batch`,
  onRequest: true,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const belay = await benchBelay(bench, { postgres, temporal, notifications })
    const redis = await benchRedis(bench)
    const many = await manyBatches(belay, postgres)
    const one = await oneBatch(belay, postgres, 'one', TRIGGERS, () => 'one')
    const keys = await oneBatch(belay, postgres, 'keys', KEYS, (n) => `key_${n}`)
    const byHand = { port: redis ?? 0, postgres, concurrency: CONCURRENCY }
    const against = async (value: number, key: string, names: readonly string[], each: number) => {
      if (redis === undefined) return {}
      const took = await bullmqBatchesOnce({ ...byHand, key, recipients: names, each })
      return { ...faster(value, 'BullMQ and sorted sets', took), goal: { atLeast: 1 } } satisfies Partial<Figure>
    }
    bench.figure({
      name: `${size} batches of ten, last trigger to last digest row`,
      unit: 'ms',
      value: many,
      ...(await against(many, 'sets', recipients(RECIPIENTS, 'sets'), EACH)),
    })
    bench.figure({
      name: `${size} triggers into one batch, last trigger to its row`,
      unit: 'ms',
      value: one,
      ...(await against(one, 'alone', recipients(1, 'alone'), TRIGGERS)),
    })
    bench.figure({
      name: `${KEYS.toLocaleString('en-US')} triggers into one batch, each with a run of its own`,
      unit: 'ms',
      value: keys,
      note: 'what each costs is the start of a run in Temporal',
    })
    const { rows } = await postgres.pool.query<{ n: number }>(
      `select count(*)::int as n from batches b where carrier is null or closed_at is null or items <> case
         when b.recipient = 'one_0' then ${TRIGGERS} when b.recipient = 'keys_0' then ${KEYS} else ${EACH} end`,
    )
    bench.figure({
      name: 'batches that did not hold exactly theirs',
      unit: 'count',
      value: rows[0]!.n,
      goal: { atMost: 0 },
    })
  },
}

/** Milliseconds from the call of the last of ten triggers to the last digest's row. */
async function manyBatches({ caller }: BenchBelay, postgres: BenchPostgres): Promise<number> {
  const names = recipients(RECIPIENTS, 'many')
  let last = 0
  for (let n = 0; n < EACH; n += 1) {
    if (n === EACH - 1) await joined(postgres, RECIPIENTS * (EACH - 1))
    last = Date.now()
    await caller.ok('/v1/workflows/tenth/trigger', { recipients: names, cancelation_key: `many_${n}`, data: { n } })
  }
  return (await allCommitted(postgres, 'many', RECIPIENTS, DEADLINE_MS)) - last
}

/** Milliseconds from the last trigger's answer to the digest's row, the time left until the close taken off. */
async function oneBatch(
  { caller }: BenchBelay,
  postgres: BenchPostgres,
  name: string,
  count: number,
  keyOf: (n: number) => string,
): Promise<number> {
  const limit = pLimit(CALLERS)
  // Long enough for all to have come; what it is too long is no work.
  const close = Date.now() + DEADLINE_MS / 2
  const data = { close_at: new Date(close).toISOString() }
  const one = (n: number) =>
    caller.ok('/v1/workflows/instant/trigger', {
      recipients: [`${name}_0`],
      cancelation_key: keyOf(n),
      data: { ...data, n },
    })
  await Promise.all(Array.from({ length: count }, (_, n) => limit(() => one(n))))
  const accepted = Date.now()
  await joined(postgres, count, `recipient = '${name}_0'`, close)
  // Each who joins counts up the batch's row.
  const [all] = await commitTimes(postgres.pool, 'batches', `recipient = '${name}_0'`)
  return all! - accepted + ((await allCommitted(postgres, name, 1, DEADLINE_MS + AHEAD_MS)) - close)
}

/** Waits until `deadline`, epoch milliseconds, that so many activities are in batches. */
async function joined(
  { pool }: BenchPostgres,
  count: number,
  where = 'true',
  deadline = Date.now() + DEADLINE_MS,
): Promise<void> {
  for (; Date.now() < deadline; await wait(200)) {
    const { rows } = await pool.query<{ n: number }>(
      `select coalesce(sum(items), 0)::int as n from batches where ${where}`,
    )
    if (rows[0]!.n >= count) return
  }
  throw new Error(`not all of ${count} activities came to their batches`)
}

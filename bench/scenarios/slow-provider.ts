import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import type { Bench, Scenario } from '../bench.ts'
import { share } from '../figure.ts'
import { benchBelay } from '../ground/belay.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { recipients } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { percentile } from '../samples.ts'

const AHEAD_MS = 3_000
const SEND_MS = 1_000
/** Measured between these moments after due: the beginning and the last stragglers are not the pace. */
const FROM_MS = 3_000
const UNTIL_MS = 18_000

/** A provider that takes a second for each send: its limits are kept to, and a cancel does not wait for it. */
export const slowProvider: Scenario = {
  name: 'slow-provider',
  about:
    'an HTTP provider that takes 1 s a send: sends a second against what its channel is set to, and cancels meanwhile',
  async run(bench) {
    await bench.within((inner) => measure(inner, 'notifications-slow', '20 at once', 20))
    await bench.within((inner) => measure(inner, 'notifications-limited', '10 a second', 10))
  },
}

async function measure(bench: Bench, folder: string, pace: string, perSecond: number): Promise<void> {
  const arrivals: number[] = []
  const provider = await httpReceiver((response) => {
    arrivals.push(Date.now())
    setTimeout(() => response.end(), SEND_MS)
  })
  bench.after(() => provider.close())
  const postgres = await benchPostgres(bench)
  const temporal = await benchTemporal(bench)
  const notifications = fileURLToPath(new URL(`../${folder}`, import.meta.url))
  const { caller } = await benchBelay(bench, { postgres, temporal, notifications })
  const at = Date.now() + AHEAD_MS
  const names = recipients(1_000, 'slow')
  const data = { at: new Date(at).toISOString(), url: provider.url }
  await caller.ok('/v1/workflows/notice/trigger', { recipients: names, cancelation_key: 'slow', data })
  await wait(at + FROM_MS - Date.now())
  const cancels: number[] = []
  for (let i = 0; i < 40; i += 1) {
    // The last of the list, who wait for their turn.
    const body = { cancelation_key: 'slow', recipients: [names.at(-1 - i)] }
    const { ms, body: verdict } = await caller.ok<{ summary: { canceled: number } }>(
      '/v1/workflows/notice/cancel',
      body,
    )
    if (verdict.summary.canceled !== 1) throw new Error(`not canceled: ${JSON.stringify(verdict)}`)
    cancels.push(ms)
    await wait(100)
  }
  await wait(at + UNTIL_MS - Date.now())
  await caller.ok('/v1/workflows/notice/cancel', { cancelation_key: 'slow' })
  const counted = arrivals.filter((time) => time >= at + FROM_MS && time < at + UNTIL_MS).length
  const rate = counted / ((UNTIL_MS - FROM_MS) / 1_000)
  const compared = share(rate, `set to ${pace}`, perSecond)
  const name = `sends, ${pace}`
  bench.figure({
    name: `${name}, of what is allowed`,
    value: rate,
    unit: 'a second',
    ...compared,
    goal: { atLeast: 0.8 },
  })
  bench.figure({ name: `${name}, and no more`, value: rate, unit: 'a second', ...compared, goal: { atMost: 1.05 } })
  const p50 = percentile(cancels, 0.5)
  bench.figure({ name: `cancel to verdict p50 meanwhile, ${pace}`, value: p50, unit: 'ms', goal: { atMost: 200 } })
}

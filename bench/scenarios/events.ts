import { setTimeout as wait } from 'node:timers/promises'
import type { Scenario } from '../bench.ts'
import { benchBelay } from '../ground/belay.ts'
import { historyOf } from '../ground/history.ts'
import { allCommitted, benchPostgres } from '../ground/postgres.ts'
import { benchTemporal } from '../ground/temporal.ts'

const AHEAD_MS = 4_000

/** What a recipient costs in Temporal's history, the measure of its storage and of how long a run may live. */
export const events: Scenario = {
  name: 'events',
  about: 'history events a recipient, from the trigger to the close of the run',
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const { caller } = await benchBelay(bench, { postgres, temporal })
    const eventsFor = async (key: string, count: number, apartMs: number) => {
      const first = Date.now() + AHEAD_MS
      const recipients = Array.from({ length: count }, (_, i) => {
        const id = `${key}_${i}`
        return apartMs === 0 ? id : { id, $trigger_data: { remind_at: new Date(first + i * apartMs).toISOString() } }
      })
      const data = { team: 'Acme', invite: key, remind_at: new Date(first).toISOString() }
      await caller.ok('/v1/workflows/reminder/trigger', { recipients, cancelation_key: key, data })
      await wait(AHEAD_MS + count * apartMs)
      await allCommitted(postgres, key, count, 60_000)
      await temporal.client.workflow.getHandle(`reminder/${key}`).result()
      return (await historyOf(temporal.client, `reminder/${key}`)).events / count
    }
    const large = await eventsFor('large', 10_000, 0)
    bench.figure({ name: '10,000 recipients, one instant', unit: 'events', value: large, goal: { atMost: 0.02 } })
    const one = await eventsFor('named', 50, 0)
    bench.figure({
      name: '50 recipients with named timers, one instant',
      unit: 'events',
      value: one,
      goal: { atMost: 4 },
    })
    for (const apartMs of [200, 2_000]) {
      const own = await eventsFor(`apart_${apartMs}`, 50, apartMs)
      const name = `50 recipients with named timers, 50 instants ${apartMs} ms apart`
      bench.figure({ name, unit: 'events', value: own, goal: { atMost: 12 } })
    }
  },
}

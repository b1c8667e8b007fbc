import pLimit from 'p-limit'
import { setTimeout as wait } from 'node:timers/promises'
import type { Bench, Scenario } from '../bench.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { remind } from '../ground/reminders.ts'
import { benchTemporal, type BenchTemporal } from '../ground/temporal.ts'

const JOINS = 50_000
const CALLERS = 32
const DAY_MS = 86_400_000

/** A key that is used without end: the run continues as new, and loses nobody. Some minutes, so only on request. */
export const joining: Scenario = {
  name: 'joining',
  about: 'one run that 50,000 triggers join, and a cancel of all of them',
  onRequest: true,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    await joins(bench, await benchBelay(bench, { postgres, temporal }), temporal)
  },
}

async function joins(bench: Bench, { caller }: BenchBelay, { client }: BenchTemporal): Promise<void> {
  const at = Date.now() + DAY_MS
  const limit = pLimit(CALLERS)
  const handle = client.workflow.getHandle('reminder/joined')
  const executions = new Set<string>()
  const started = performance.now()
  const one = async (i: number) => {
    await remind(caller, { key: 'joined', recipients: [`joined_${i}`], at })
    if (i % 500 === 0) executions.add((await handle.describe()).runId)
  }
  await Promise.all(Array.from({ length: JOINS }, (_, i) => limit(() => one(i))))
  const seconds = (performance.now() - started) / 1_000
  const { body } = await caller.ok<{ summary: { canceled: number } }>('/v1/workflows/reminder/cancel', {
    cancelation_key: 'joined',
  })
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await wait(200)) {
    if ((await handle.describe()).status.name === 'COMPLETED') break
  }
  const closed = Number((await handle.describe()).status.name === 'COMPLETED')
  const lost = JOINS - body.summary.canceled
  bench.figure({ name: `triggers joining one run, ${CALLERS} callers`, unit: 'a second', value: JOINS / seconds })
  bench.figure({
    name: 'executions it went through, at least',
    unit: 'count',
    value: executions.size,
    goal: { atLeast: 2 },
  })
  bench.figure({
    name: 'of 50,000 joined, not canceled by one cancel',
    unit: 'count',
    value: lost,
    goal: { atMost: 0 },
  })
  bench.figure({ name: 'the run has closed after it', unit: 'count', value: closed, goal: { atLeast: 1 } })
}

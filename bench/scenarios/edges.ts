import type { Bench, Scenario } from '../bench.ts'
import { benchBelay, type BenchBelay } from '../ground/belay.ts'
import { allCommitted, benchPostgres } from '../ground/postgres.ts'
import { recipients } from '../ground/reminders.ts'
import { benchTemporal } from '../ground/temporal.ts'

const DAY_MS = 86_400_000
const MEGABYTE = 1_000_000

/** The largest that is taken, and the first that is refused. */
export const edges: Scenario = {
  name: 'edges',
  about: 'the most recipients and the largest data that are taken, and the first that are refused',
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const belay = await benchBelay(bench, { postgres, temporal })
    await limits(bench, belay)
    const at = Date.now()
    const data = { remind_at: new Date(at).toISOString(), team: 'x'.repeat(9 * MEGABYTE), invite: 'big' }
    const { ms } = await belay.caller.ok('/v1/workflows/reminder/trigger', {
      recipients: recipients(1, 'big'),
      cancelation_key: 'big',
      data: { ...data, team: 'Acme', unused: data.team },
    })
    bench.figure({ name: 'accepting 9 MB of data', unit: 'ms', value: ms })
    const out = (await allCommitted(postgres, 'big', 1, 30_000)) - at
    bench.figure({ name: 'its message, from the trigger', unit: 'ms', value: out })
  },
}

async function limits(bench: Bench, { caller }: BenchBelay): Promise<void> {
  const trigger = (body: object) => caller.post('/v1/workflows/reminder/trigger', body)
  const remind_at = new Date(Date.now() + DAY_MS).toISOString()
  const most = await trigger({ recipients: recipients(10_000), data: { remind_at } })
  const tooMany = await trigger({ recipients: recipients(10_001), data: { remind_at } })
  const tooLarge = await trigger({ recipients: ['a'], data: { remind_at, x: 'x'.repeat(11 * MEGABYTE) } })
  const status = (name: string, value: number, wanted: number) =>
    bench.figure({ name, unit: 'count', value: Number(value === wanted), goal: { atLeast: 1 } })
  status('10,000 recipients answered 200', most.status, 200)
  status('10,001 recipients answered 422', tooMany.status, 422)
  status('11 MB of data answered 422', tooLarge.status, 422)
  status('a body of 21 MB answered 413', (await trigger({ x: 'x'.repeat(21 * MEGABYTE) })).status, 413)
}

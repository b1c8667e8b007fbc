import { describe, test } from 'node:test'
import { chaos } from '../../testing/chaos/chaos.ts'
import { hold, told } from '../../testing/chaos/hold.ts'

const few = {
  code: 'sources',
  seed: 20_261_127,
  kills: 5,
  pauses: 0,
  pauseMs: 0,
  jumps: 1,
  disk: false,
  perSecond: 1,
  // A machine that other tests keep busy gets no heap of work that it cannot do in the time.
  mostPending: 30,
  hurried: 0.8,
  // More than all of them take if each is waited for as long as it may be.
  forMs: 1_200_000,
} as const

// Side by side: both wait for leases of the dead most of the time.
describe(
  'killed five times while in use, each has what the definition says, or a verdict',
  { concurrency: true },
  () => {
    for (const system of ['processes', 'embedded'] as const) {
      test(system === 'processes' ? 'api, worker, Temporal and Postgres' : 'npm start', async (t) => {
        const result = await chaos({ ...few, system, say: (line) => t.diagnostic(line) })
        for (const line of told(result, few.seed)) t.diagnostic(line)
        hold(result)
      })
    }
  },
)

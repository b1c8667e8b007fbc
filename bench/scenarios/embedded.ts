import type { Scenario } from '../bench.ts'
import { benchEmbedded } from '../ground/embedded.ts'
import { recipients, remind } from '../ground/reminders.ts'
import { percentile, repeated } from '../samples.ts'

const RECIPIENTS = 10_000
const REPEATS = 3
const AHEAD_MS = 3_000
const CANCELS = 100
const DAY_MS = 86_400_000

/** The same fan-out on `npm start`, whose store shares its one thread with api and worker. */
export const embedded: Scenario = {
  name: 'embedded',
  about: 'npm start, everything in one process on PGlite: 10,000 recipients of one instant, and cancels one by one',
  async run(bench) {
    const { caller, temporal } = await benchEmbedded(bench)
    const accepted: number[] = []
    const took: number[] = []
    for (let i = 0; i < REPEATS; i += 1) {
      const key = `embedded${i}`
      const at = Date.now() + AHEAD_MS
      accepted.push(await remind(caller, { key, recipients: recipients(RECIPIENTS, key), at }))
      await temporal.workflow.getHandle(`reminder/${key}`).result()
      took.push(Date.now() - at)
    }
    const note = 'PGlite notes no commit times: these are to the end of the run, which comes after the last row'
    bench.figure({ name: '10,000 recipients on PGlite, due to closed run', unit: 'ms', ...repeated(took), note })
    bench.figure({ name: 'accepting 10,000 recipients on PGlite', unit: 'ms', ...repeated(accepted) })
    const cancels: number[] = []
    await remind(caller, { key: 'cancels', recipients: recipients(CANCELS), at: Date.now() + DAY_MS })
    for (const id of recipients(CANCELS)) {
      const body = { cancelation_key: 'cancels', recipients: [id] }
      cancels.push((await caller.ok('/v1/workflows/reminder/cancel', body)).ms)
    }
    bench.figure({ name: 'cancel to verdict on PGlite, p50', unit: 'ms', value: percentile(cancels, 0.5) })
  },
}

import { PhoenixPage, socketUrl, type Told } from '../../testing/fixtures/phoenix.ts'
import type { Scenario } from '../bench.ts'
import { benchBelay } from '../ground/belay.ts'
import { benchPostgres } from '../ground/postgres.ts'
import { benchTemporal } from '../ground/temporal.ts'
import { percentile } from '../samples.ts'

const ROUNDS = 200
const TABS = 2
/** Open pages of other users, each of which the api has to pass over. */
const OTHERS = 200
const FOLDER = 'bench/notifications-live'

/** A message on the screen of who looks at it, and off it again. */
export const live: Scenario = {
  name: 'live',
  about: `${TABS} open tabs, ${OTHERS} pages of others: from a trigger to the badge, and from a cancel until the card is gone`,
  async run(bench) {
    const postgres = await benchPostgres(bench)
    const temporal = await benchTemporal(bench)
    const { caller, apiUrl } = await benchBelay(bench, { postgres, temporal, notifications: FOLDER })
    const open = async (user: string) => {
      const page = await PhoenixPage.open(socketUrl(apiUrl))
      bench.after(() => page.close())
      await page.join('in-app-feed', user, { client_1: { archived: 'exclude' } })
      return page
    }
    for (let n = 0; n < OTHERS; n += 1) await open(`other_${n}`)
    const tabs = await Promise.all(Array.from({ length: TABS }, () => open('ada')))
    const shown: number[] = []
    const gone: number[] = []
    for (let n = 0; n < ROUNDS; n += 1) {
      const key = `round_${n}`
      shown.push(
        await timed(tabs, isBadge(1), () =>
          caller.ok('/v1/workflows/told/trigger', { recipients: ['ada'], cancelation_key: key }),
        ),
      )
      gone.push(
        await timed(tabs, isRevoked, () =>
          caller.ok('/v1/workflows/told/cancel', { cancelation_key: key, archive_sent: true }),
        ),
      )
      // The counts that follow, or they would be taken for those of the next round's message.
      await Promise.all(tabs.map((tab) => tab.until(isBadge(0))))
    }
    const figure = (name: string, samples: number[], p: number) => ({
      name,
      unit: 'ms' as const,
      value: percentile(samples, p),
    })
    bench.figure({ ...figure('cancel to gone in all tabs, p95', gone, 0.95), goal: { atMost: 300 } })
    bench.figure(figure('cancel to gone in all tabs, p50', gone, 0.5))
    bench.figure(figure('trigger to badge in all tabs, p95', shown, 0.95))
    bench.figure(figure('trigger to badge in all tabs, p50', shown, 0.5))
  },
}

const isBadge =
  (count: number) =>
  ([, , , event, payload]: Told) =>
    event === 'new-message' && payload.metadata?.total_count === count
const isRevoked = ([, , , event]: Told) => event === 'messages-revoked'

/** Milliseconds from the call until each tab has been told. */
async function timed(
  tabs: readonly PhoenixPage[],
  isEnd: (told: Told) => boolean,
  call: () => Promise<unknown>,
): Promise<number> {
  for (const tab of tabs) tab.told.length = 0
  const begun = performance.now()
  await Promise.all([call(), ...tabs.map((tab) => tab.until(isEnd))])
  return performance.now() - begun
}

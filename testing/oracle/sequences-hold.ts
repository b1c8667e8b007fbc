import fc from 'fast-check'
import type { Context } from '../../api/http/route.ts'
import type { Catalog } from '../../definitions/catalog.ts'
import type { Store } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { startApi } from '../product/api-server.ts'
import { catalogOf, testVersion } from '../fixtures/versions.ts'
import { beginnings, sequences } from './commands.ts'
import { Live } from './live.ts'
import { lives } from './lives.ts'
import { World } from './world.ts'

const catalog = catalogOf(
  testVersion('story', ['feed', 'wait', 'mail']),
  testVersion('letters', ['mail', 'wait', 'feed', 'mail_again']),
  testVersion('patience', ['wait_long', 'wait', 'mail', 'feed']),
  testVersion('mixed', ['mail', 'mail_again', 'feed', 'wait', 'feed_again']),
)

/** `{"seed": …, "path": …, "replayPath": …}` as a failure printed them: that sequence is run alone. */
const { replayPath, ...which } = JSON.parse(process.env['BELAY_MODEL_AGAIN'] ?? '{}') as {
  seed?: number
  path?: string
  replayPath?: string
}
export const again = which

/** The same sequences at every run of the tests, so that a change is what makes them fail; the soaks lead others each time. */
export const SEED = process.env['BELAY_SOAK'] === 'true' ? undefined : 20_261_127

/** Runs so many sequences over an empty store, which it closes; rejects with the shortest that does not hold. */
export async function sequencesHold(store: Store, count: number): Promise<void> {
  const commands = sequences({ maxCommands: 30, replayPath })
  await onStore(catalog, store, async (context) => {
    const holds = fc.asyncProperty(beginnings, commands, async ({ home, recipients, rounds }, sequence) => {
      const world = await World.open(context, home)
      try {
        await world.caller.trigger('here', recipients, 'join')
        for (let i = 0; i < rounds; i += 1) await world.goOn()
        await fc.asyncModelRun(() => ({ model: world, real: world }), sequence)
        await world.finish()
      } finally {
        await world.close()
      }
    })
    await fc.assert(holds, { seed: SEED, ...again, numRuns: count, includeErrorInReport: true })
  })
}

/** The same through the whole workflow on a server; rejects with the first that does not hold. */
export async function livesHold(store: Store, count: number): Promise<void> {
  await onStore(catalog, store, async (context) => {
    const live = await Live.start(context)
    try {
      const holds = fc.asyncProperty(lives, (life) => live.lead(life))
      const options = { numRuns: count, includeErrorInReport: true, endOnFailure: true }
      await fc.assert(holds, { seed: SEED, ...again, ...options })
    } finally {
      await live.close()
    }
  })
}

/** Gives `work` the api's own things over an empty store, which it closes. */
export async function onStore(
  catalog: Catalog,
  store: Store,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const api = await startApi(catalog, store)
  try {
    await publishCatalog(store.db, catalog)
    await work({
      ...api.deps,
      requestId: 'model',
      apiKey: 'model',
      caller: { kind: 'secret', id: 'model', name: 'model', scopes: new Set(['admin'] as const) },
      header: () => undefined,
    })
  } finally {
    await api.close()
  }
}

import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPglite, openPostgres, type Store } from '../../store/postgres/database.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { delayStep, emailStep, feedStep } from '../../testing/fixtures/steps.ts'
import { DigestWorld } from '../../testing/oracle/digest-world.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 300)
const LIST = '{% for a in activities %}{{ a.n }} {% endfor %}'
const minutes = (value: number) => ({ unit: 'minutes', value })

const definition = (settings: object, pause = 0) => ({
  steps: [
    {
      ref: 'batch_1',
      type: 'batch',
      settings: { batch_window: minutes(10), batch_items_render_limit: 100, ...settings },
    },
    feedStep('feed', LIST),
    ...(pause > 0 ? [delayStep('wait', pause, 'minutes')] : []),
    emailStep('mail', { subject: LIST }),
  ],
})

const definitions = {
  fixed: definition({}),
  paused: definition({}, 5),
  sliding: definition({ batch_window_type: 'sliding', batch_window_extension_limit: minutes(25) }),
  shrinking: definition({ batch_window_type: 'sliding', batch_window_extension_limit: minutes(4) }, 1),
  full: definition({ batch_items_max_limit: 3 }),
  leading: definition({ batch_execution_mode: 'flush_leading' }),
  latest: definition({ workflow_version_mode: 'latest', batch_items_max_limit: 4 }, 3),
}
const catalog = await catalogOfFiles(definitions)

const key = fc.nat(2)
const meanwhile = fc.record({ do: fc.constantFrom('come' as const, 'cancel' as const), key })
const calls = fc.nat(12)
const work = fc.record({
  answer: fc.constantFrom('sent' as const, 'sent' as const, 'not_taken' as const, 'unknown' as const),
  dies: fc.option(calls, { freq: 4 }),
  between: fc.option(fc.record({ after: calls, does: meanwhile }), { freq: 2 }),
  whileSending: fc.option(meanwhile, { freq: 3 }),
})
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('come' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('work' as const), work }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('toClose' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('later' as const), minutes: fc.nat(6) }) },
)
const lives = fc.record({
  definition: fc.constantFrom(...(Object.keys(definitions) as (keyof typeof definitions)[])),
  steps: fc.array(step, { minLength: 3, maxLength: 16 }),
})

async function digestsHold(store: Store, count: number): Promise<void> {
  await store.migrate()
  await publishCatalog(store.db, catalog)
  const holds = fc.asyncProperty(lives, async ({ definition: name, steps }) => {
    const world = new DigestWorld(store.db, catalog, name, randomUUID())
    await world.come(0)
    for (const each of steps) {
      if (each.do === 'come') await world.come(each.key)
      else if (each.do === 'cancel') await world.cancel(each.key)
      else if (each.do === 'work') await world.work(each.work)
      else if (each.do === 'toClose') await world.toClose()
      else world.now += each.minutes * 60_000
    }
    await world.finish()
  })
  try {
    const seed = process.env['BELAY_SOAK'] === 'true' ? undefined : 20_261_127
    await fc.assert(holds, { seed, numRuns: count, includeErrorInReport: true })
  } finally {
    await store.close()
  }
}

test('each activity is in exactly one digest, or was taken back by its own key, in PGlite', async () => {
  await digestsHold(await openPglite(null), SEQUENCES)
})

test('each activity is in exactly one digest, or was taken back by its own key, in Postgres', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  await digestsHold(openPostgres(database.url), SEQUENCES)
})

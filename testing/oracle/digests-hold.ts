import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import type { Store } from '../../store/postgres/database.ts'
import { catalogOfFiles } from '../fixtures/walked.ts'
import { delayStep, emailStep, feedStep } from '../fixtures/steps.ts'
import { DigestWorld } from './digest-world.ts'
import { again, SEED } from './sequences-hold.ts'

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
const key = fc.nat(2)
const meanwhile = fc.record({ do: fc.constantFrom('come' as const, 'cancel' as const), key })
const calls = fc.nat(40)
const work = fc.record({
  answer: fc.constantFrom('sent' as const, 'sent' as const, 'not_taken' as const, 'unknown' as const),
  dies: fc.option(calls, { freq: 4 }),
  between: fc.option(fc.record({ after: calls, does: meanwhile }), { freq: 2 }),
  whileSending: fc.option(meanwhile, { freq: 3 }),
})
const clean = { answer: 'sent' as const, dies: null, between: null, whileSending: null }
/** Some come, some are taken back, the clock goes on or to the very close, and processes do what is due, disturbed. */
const round = fc.record({
  comes: fc.array(fc.record({ key, isWalked: fc.boolean() }), { maxLength: 4 }),
  cancels: fc.array(key, { maxLength: 1 }),
  clock: fc.oneof({ weight: 3, arbitrary: fc.constant('close' as const) }, { weight: 2, arbitrary: fc.nat(6) }),
  late: fc.option(key, { freq: 3 }),
  works: fc.array(fc.record({ work, cancel: fc.option(key, { freq: 2 }) }), { minLength: 1, maxLength: 3 }),
})
const lives = fc.record({
  definition: fc.constantFrom(...(Object.keys(definitions) as (keyof typeof definitions)[])),
  rounds: fc.array(round, { minLength: 1, maxLength: 4 }),
})

async function lead(
  world: DigestWorld,
  { comes, cancels, clock, late, works }: typeof round extends fc.Arbitrary<infer R> ? R : never,
) {
  for (const { key: own, isWalked } of comes) {
    await world.come(own)
    if (isWalked) await world.work(clean)
  }
  for (const own of cancels) await world.cancel(own)
  if (clock === 'close') await world.toClose()
  else world.now += clock * 60_000
  if (late !== null) await world.come(late)
  for (const { work: disturbed, cancel } of works) {
    await world.work(disturbed)
    if (cancel !== null) await world.cancel(cancel)
  }
}

/** Leads so many lives of batches over an empty store, which it closes; rejects with the shortest that does not hold. */
export async function digestsHold(store: Store, count: number): Promise<void> {
  const catalog = await catalogOfFiles(definitions)
  await store.migrate()
  await publishCatalog(store.db, catalog)
  const holds = fc.asyncProperty(lives, async ({ definition: name, rounds }) => {
    const world = new DigestWorld(store.db, catalog, name, randomUUID())
    for (const each of rounds) await lead(world, each)
    await world.finish()
  })
  try {
    await fc.assert(holds, { seed: SEED, ...again, numRuns: count, includeErrorInReport: true })
  } finally {
    await store.close()
  }
}

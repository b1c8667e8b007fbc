import { test } from 'node:test'
import { openPostgres, type Store } from '../../store/postgres/database.ts'
import { digestsHold } from '../../testing/oracle/digests-hold.ts'
import { graphsHold } from '../../testing/oracle/graphs/graphs-hold.ts'
import { livesHold, sequencesHold } from '../../testing/oracle/sequences-hold.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

/** Of each model on each store; how many unless this says so. A failure prints its seed and path: see BELAY_MODEL_AGAIN. */
const asked = process.env['BELAY_MODEL_RUNS']
const LIVES = 30

onBoth('sent once or canceled, and every answer is true', 5_000, sequencesHold)
onBoth('each activity in one digest, or taken back by its own key', 1_000, digestsHold)
onBoth('each step does what it says, and nothing is lost, early or twice', 1_000, graphsHold)

test(`${LIVES} sequences through the whole workflow, replayed at every task`, async () => {
  await livesHold(await testPglite(), LIVES)
})

/** On Postgres what is done at once is at once. */
function onBoth(what: string, usual: number, hold: (store: Store, count: number) => Promise<void>): void {
  const count = asked === undefined ? usual : Number(asked)
  test(`${count} sequences on PGlite: ${what}`, async () => {
    await hold(await testPglite(), count)
  })
  test(`${count} sequences on Postgres: ${what}`, async (t) => {
    const database = await testPostgres()
    t.after(() => database.drop())
    await hold(openPostgres(database.url), count)
  })
}

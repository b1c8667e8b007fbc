import { test } from 'node:test'
import { openPglite, openPostgres } from '../../store/postgres/database.ts'
import { livesHold, sequencesHold } from '../../testing/oracle/sequences-hold.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const SEQUENCES = 5_000
const LIVES = 30

test(`${SEQUENCES} sequences on PGlite: sent once or canceled, and every answer is true`, async () => {
  await sequencesHold(await openPglite(null), SEQUENCES)
})

test(`${SEQUENCES} sequences on Postgres, where what is done at once is at once`, async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  await sequencesHold(openPostgres(database.url), SEQUENCES)
})

test(`${LIVES} sequences through the whole workflow, replayed at every task`, async () => {
  await livesHold(await openPglite(null), LIVES)
})

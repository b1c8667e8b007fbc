import { test } from 'node:test'
import { openPostgres } from '../../store/postgres/database.ts'
import { graphsHold } from '../../testing/oracle/graphs/graphs-hold.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const LIVES = Number(process.env['BELAY_MODEL_RUNS'] ?? 270)

test('whatever steps a definition has, each does what it says, and nothing is lost, early or twice, in Postgres', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  await graphsHold(openPostgres(database.url), LIVES)
})

import { test } from 'node:test'
import { openPostgres } from '../../store/postgres/database.ts'
import { sequencesHold } from '../../testing/oracle/sequences-hold.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 120)

test('in whatever order it all comes, each step is sent once or canceled, and every answer is true, in Postgres', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  await sequencesHold(openPostgres(database.url), SEQUENCES)
})

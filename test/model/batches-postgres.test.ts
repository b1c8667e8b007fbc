import { test } from 'node:test'
import { openPostgres } from '../../store/postgres/database.ts'
import { digestsHold } from '../../testing/oracle/digests-hold.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 80)

test('each activity is in exactly one digest, or was taken back by its own key, in Postgres', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  await digestsHold(openPostgres(database.url), SEQUENCES)
})

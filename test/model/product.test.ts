import { test } from 'node:test'
import { sequencesHold } from '../../testing/oracle/sequences-hold.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 30)

test('in whatever order it all comes, each step is sent once or canceled, and every answer is true, in PGlite', async () => {
  await sequencesHold(await testPglite(), SEQUENCES)
})

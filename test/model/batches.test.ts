import { test } from 'node:test'
import { digestsHold } from '../../testing/oracle/digests-hold.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 20)

test('each activity is in exactly one digest, or was taken back by its own key, in PGlite', async () => {
  await digestsHold(await testPglite(), SEQUENCES)
})

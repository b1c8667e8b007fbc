import { test } from 'node:test'
import { openPglite } from '../../store/postgres/database.ts'
import { digestsHold } from '../../testing/oracle/digests-hold.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 150)

test('each activity is in exactly one digest, or was taken back by its own key, in PGlite', async () => {
  await digestsHold(await openPglite(null), SEQUENCES)
})

import { test } from 'node:test'
import { openPglite } from '../../store/postgres/database.ts'
import { graphsHold } from '../../testing/oracle/graphs/graphs-hold.ts'

const LIVES = Number(process.env['BELAY_MODEL_RUNS'] ?? 150)

test('whatever steps a definition has, each does what it says, and nothing is lost, early or twice, in PGlite', async () => {
  await graphsHold(await openPglite(null), LIVES)
})

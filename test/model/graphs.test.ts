import { test } from 'node:test'
import { graphsHold } from '../../testing/oracle/graphs/graphs-hold.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const LIVES = Number(process.env['BELAY_MODEL_RUNS'] ?? 30)

test('whatever steps a definition has, each does what it says, and nothing is lost, early or twice, in PGlite', async () => {
  await graphsHold(await testPglite(), LIVES)
})

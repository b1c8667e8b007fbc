import { test } from 'node:test'
import { livesHold } from '../../testing/oracle/sequences-hold.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const LIVES = 10

test('the whole workflow, replayed at every task: each step is sent once or canceled, and every answer is true', async () => {
  await livesHold(await testPglite(), LIVES)
})

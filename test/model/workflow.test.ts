import { test } from 'node:test'
import { openPglite } from '../../store/postgres/database.ts'
import { livesHold } from '../../testing/oracle/sequences-hold.ts'

const LIVES = 10

test('the whole workflow, replayed at every task: each step is sent once or canceled, and every answer is true', async () => {
  await livesHold(await openPglite(null), LIVES)
})

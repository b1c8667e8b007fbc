import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const TIMES = 20

test('every connection to Postgres is ended, once a second for twenty seconds', (t) => {
  const fault = async () => {
    for (let time = 0; time < TIMES; time += 1) {
      await sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL',
      )
      await wait(1_000)
    }
  }
  return underLoad(t, 'cut-connections', fault, { perSecond: 10 })
})

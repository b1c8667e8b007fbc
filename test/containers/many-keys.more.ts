import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, Connection } from '@temporalio/client'
import { ask, type Tries } from '../../testing/containers/caller.ts'
import { pause, ready, sql, unpause } from '../../testing/containers/stack.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { until } from '../../testing/fixtures/until.ts'
import { plainStarts } from '../../testing/product/plain-starts.ts'

/** As many keys, each a workflow that Temporal starts. */
const KEYS = Number(process.env['OUTAGE_TRIGGERS'] ?? 10_000)
const CALLERS = 50
const PATIENCE_MS = 300_000
/** A hand-over costs no more than so many plain starts: its runs are worked on at the same time. */
const RATIO = 3

const DAY_MS = 86_400_000
const later = new Date(Date.now() + 30 * DAY_MS).toISOString()
const UNTOLD = 'select count(*) from pending_signals'

test(`${KEYS} triggers on as many keys, accepted while Temporal stands still, are handed over soon after its return`, async (t) => {
  await ready()
  const connection = await Connection.connect({ address: `127.0.0.1:${process.env['TEMPORAL_PORT']}` })
  t.after(() => connection.close())
  const { workflow } = new Client({ connection, namespace: 'belay' })
  const before = await plainStarts(workflow)
  const tries: Tries = new Map()
  await pause('temporal')
  try {
    const numbers = Array.from({ length: KEYS }, (_, i) => i)
    await inLanes(CALLERS, numbers, async (n) => {
      const body = { recipients: ['ada'], cancelation_key: `key-${n}`, data: { remind_at: later } }
      assert.ok(await ask('/v1/workflows/payment-reminder/trigger', body, tries))
    })
    t.diagnostic(`accepted; answers ${JSON.stringify(Object.fromEntries(tries))}, untold ${await sql(UNTOLD, 'belay')}`)
  } finally {
    await unpause('temporal')
  }
  const back = performance.now()
  await until('all are told', async () => (await sql(UNTOLD, 'belay')) === '0', PATIENCE_MS)
  const took = performance.now() - back
  const after = await plainStarts(workflow)
  const floor = (KEYS * 1_000) / ((before + after) / 2)
  t.diagnostic(
    `told in ${(took / 1_000).toFixed(1)} s; a plain client starts ${before.toFixed(0)} and ${after.toFixed(0)} a second`,
  )
  assert.ok(took < Math.max(60_000, RATIO * floor), `took ${(took / floor).toFixed(1)} times as long as plain starts`)
})

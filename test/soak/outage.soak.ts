import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepFigures } from '../../testing/fixtures/reliability-page.ts'
import { until } from '../../testing/fixtures/until.ts'
import { outageOf } from '../../testing/product/outage.ts'
import type { RunView } from '../../workflows/run-view.ts'

/** Accepted while Temporal is away: on one key, and on as many keys. Smaller for a try by hand. */
const TRIGGERS = Number(process.env['OUTAGE_TRIGGERS'] ?? 10_000)
const MINUTE_MS = 60_000
/** A hand-over costs no more than so many plain starts: its runs are worked on at the same time. */
const RATIO = 3
const PATIENCE_MS = 9 * MINUTE_MS

const numbers = Array.from({ length: TRIGGERS }, (_, i) => i)
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`

test(`an outage of Temporal: ${TRIGGERS} triggers, on one key and on as many, are handed over soon after its return`, async (t) => {
  const { product, outage, plainStarts, open } = await outageOf(t)
  const { belay, temporal } = product

  const person = (n: number) => `${'long'.repeat(60)}-${n}`
  const trigger = (n: number) => belay.trigger('patient', { recipients: [person(n)], cancelation_key: 'one' })
  const oneKey = await outage(numbers, trigger, PATIENCE_MS)
  t.diagnostic(`one key with long ids: told in ${seconds(oneKey)}`)
  assert.ok(oneKey < MINUTE_MS, `took ${oneKey} ms`)
  const one = temporal.workflow.getHandle('patient/one')
  await until('the run knows all', async () => (await one.query<RunView>('state')).pending === TRIGGERS, PATIENCE_MS)

  const before = await plainStarts()
  const manyKeys = await outage(
    numbers,
    (n) => belay.trigger('patient', { recipients: ['ada'], cancelation_key: `key-${n}` }),
    PATIENCE_MS,
  )
  const after = await plainStarts()
  const floor = (TRIGGERS * 1_000) / ((before + after) / 2)
  t.diagnostic(`as many keys: told in ${seconds(manyKeys)}; a plain client starts as many in ${seconds(floor)}`)
  await until('all are open', async () => (await open()) === TRIGGERS + 1, PATIENCE_MS)
  const times = manyKeys / floor
  const count = TRIGGERS.toLocaleString('en')
  assert.ok(manyKeys < Math.max(MINUTE_MS, RATIO * floor), `took ${times} times as long as plain starts`)
  await keepFigures('Temporal away', {
    [`${count} triggers of one key, ids of 240 characters: told after its return`]: seconds(oneKey),
    [`${count} triggers of as many keys: told after its return`]: seconds(manyKeys),
    'a plain client, starts a second, before and after': `${Math.round(before)}, ${Math.round(after)}`,
    [`a plain client would start ${count} workflows in`]: seconds(floor),
    'times the floor': times.toFixed(2),
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channelTypeNames } from '../../channels/registry.ts'
import { counted, countFromZero, countMessage, lateRuns } from '../../metrics/counted.ts'
import { alertRules, holds } from '../../testing/fixtures/alert-rules.ts'
import { samplesOf } from '../../testing/fixtures/samples.ts'

// To Prometheus a series that appears with 40 has not increased: `holds` counts from the first scrape on, as it does.
test('the first failures of a worker are an increase, of every channel type, though they are over by the next scrape', async () => {
  countFromZero(channelTypeNames())
  const first = samplesOf(await counted.metrics())
  for (const type of channelTypeNames()) countMessage(type, 'undelivered', 40)
  for (const type of channelTypeNames()) countMessage(type, 'retried', 40)
  for (let n = 0; n < 40; n += 1) lateRuns.observe(60)
  const last = samplesOf(await counted.metrics())
  const firing = alertRules().filter(({ expr }) => holds(expr, { first, last }))
  const names = firing.map(({ alert }) => alert)
  for (const alert of ['BelayLate', 'BelayMessagesFail', 'BelaySendsRetried']) assert.ok(names.includes(alert), alert)
  const types = new Set(
    first.filter(({ name }) => name === 'belay_messages_total').map(({ labels }) => labels['channel_type']),
  )
  assert.deepEqual([...types].sort(), channelTypeNames().sort())
})

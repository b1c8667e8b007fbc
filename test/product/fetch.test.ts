import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startProduct } from '../../testing/product/product.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

test('a host that hangs holds up neither other workflows nor other hosts, and everybody gets their answer in the end', async (t) => {
  let hangs = true
  const slow = await httpReceiver((response) => {
    const answer = (): unknown => (hangs ? setTimeout(answer, 50) : response.end('{"from": "slow"}'))
    answer()
  })
  const quick = await httpReceiver((response) => response.end('{"from": "quick"}'))
  t.after(async () => {
    hangs = false
    await Promise.all([slow.close(), quick.close()])
  })
  const fetchFrom = (url: string) => ({ ref: 'fetch', type: 'http_fetch', settings: { method: 'get', url } })
  const told = feedStep('told', '{{ data.from }}')
  const notifications = notificationsFolder({
    'slow/workflow.json': workflow(fetchFrom(slow.url), told),
    'quick/workflow.json': workflow(fetchFrom(quick.url), told),
    'plain/workflow.json': workflow(told),
  })
  const { belay } = await startProduct(t, { notifications, env: { BELAY_HTTP_ALLOW_PRIVATE: 'true' } })
  const crowd = Array.from({ length: 45 }, (_, n) => `slow_${n}`)
  await belay.trigger('slow', { recipients: crowd, cancelation_key: 'slow' })
  await until('the slow host is asked', () => slow.requests.length > 0)

  await belay.trigger('plain', { recipients: ['ada'], data: { from: 'plain' } })
  await belay.trigger('quick', { recipients: ['ada'] })
  await until('the others are told', async () => {
    return (await belay.feed('ada')).length === 2
  })
  assert.deepEqual(bodies(await belay.feed('ada')).sort(), ['plain', 'quick'])

  const verdict = await belay.cancel('slow', { cancelation_key: 'slow', recipients: ['slow_0', 'slow_44'] })
  assert.equal(verdict.summary.canceled, 2)
  hangs = false
  const areTold = async () => {
    const messages = await Promise.all(crowd.map(async (id) => (await belay.feed(id)).length))
    return messages.filter((count) => count === 1).length === 43
  }
  // A fetch that hung is tried again, twice.
  await until('all but the canceled are told', areTold, 180_000)
  assert.deepEqual(bodies(await belay.feed('slow_1')), ['slow'])
})

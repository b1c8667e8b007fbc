import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { bodies } from '../../testing/product/belay.ts'
import { until } from '../../testing/fixtures/until.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { startApi } from '../../testing/product/api-server.ts'

const wait = {
  ref: 'wait',
  type: 'wait_for_event',
  settings: {
    event: { event_type: 'event', event_key: 'order.paid' },
    expires_after: { unit: 'days', value: 300 },
    match_conditions: [
      { operator: 'and', conditions: [{ variable: 'event.total', operator: 'greater_than', argument: '5' }] },
    ],
  },
}
const told = feedStep('told', 'Paid {{ data.order }}')
const notifications = notificationsFolder({ 'order/workflow.json': workflow(wait, told) })

test('an event that is posted wakes the run that waits for it, and what does not match leaves it alone', async (t) => {
  const { belay } = await startProduct(t, { notifications })
  await belay.trigger('order', { recipients: ['ada'], data: { order: '7' }, cancelation_key: '7' })
  const post = (body: object) => belay.post<{ offered: number }>('/v1/events', body)
  await until('the run waits', async () => (await post({ event: 'order.paid', data: { total: 1 } })).offered === 1)
  await post({ event: 'order.paid', data: { total: 9 }, recipients: ['grace'] })
  assert.deepEqual(await belay.feed('ada'), [])
  await post({ event: 'order.paid', data: { total: 9 }, recipients: ['ada'] })
  await until('ada is told', async () => (await belay.feed('ada')).length === 1)
  assert.deepEqual(bodies(await belay.feed('ada')), ['Paid 7'])
})

test('an event is refused without a name, and repeated by its Idempotency-Key', async () => {
  const api = await startApi(await readCatalog(notifications))
  after(() => api.close())
  const post = (body: object, headers = {}) => api.call('POST', '/v1/events', { body, headers })
  assert.equal((await post({ event: '' })).status, 422)
  assert.equal((await post({ event: 'x', recipients: [] })).status, 422)
  const first = await post({ event: 'x' }, { 'idempotency-key': 'one' })
  const again = await post({ event: 'x' }, { 'idempotency-key': 'one' })
  assert.equal(first.status, 200)
  assert.deepEqual(again.body, first.body)
})

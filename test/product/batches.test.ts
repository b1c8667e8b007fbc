import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startProduct } from '../../testing/product/product.ts'

const digest = feedStep('digest', '{% for a in activities %}{{ a.n }} {% endfor %}of {{ total_activities }}')
const batch = (settings: object) => ({ ref: 'batch_1', type: 'batch', settings })
const seconds = (value: number) => ({ batch_window: { unit: 'seconds', value } })

const definitions = {
  'short/workflow.json': workflow(batch({ ...seconds(8), batch_key: 'page' }), digest, delayStep('wait', 1), digest2()),
  'full/workflow.json': workflow(
    batch({ batch_window: { unit: 'hours', value: 1 }, batch_items_max_limit: 3 }),
    digest,
  ),
  'sliding/workflow.json': workflow(batch({ ...seconds(4), batch_window_type: 'sliding' }), digest),
}

function digest2() {
  return feedStep('again', 'again {{ total_activities }}')
}

for (const store of [undefined, 'postgres'] as const) {
  test(`batches on ${store ?? 'PGlite'}`, async (t) => {
    const { belay, temporal } = await startProduct(t, { notifications: notificationsFolder(definitions), store })
    const trigger = (definition: string, recipient: string, n: number, rest: object = {}) =>
      belay.trigger(definition, { recipients: [recipient], data: { n, page: 'p' }, ...rest })
    const feedOf = async (recipient: string, count: number) => {
      await until(`${count} for ${recipient}`, async () => (await belay.feed(recipient)).length === count)
      return bodies(await belay.feed(recipient)).reverse()
    }

    await t.test('one digest for all that came, without what was taken back', async () => {
      await trigger('short', 'ada', 1, { cancelation_key: 'a' })
      // Runs of different keys begin in any order.
      await until('a has opened it', async () => {
        const [run] = await belay.recipientRuns({ cancellation_key: 'a', workflow: 'short' })
        return run?.status === 'paused' && run.scheduled_at !== null
      })
      await trigger('short', 'ada', 2, { cancelation_key: 'b' })
      await trigger('short', 'ada', 3, { cancelation_key: 'c' })
      await until('b has joined', async () => {
        const [run] = await belay.recipientRuns({ cancellation_key: 'b', workflow: 'short' })
        return run?.status === 'paused' && run.scheduled_at === null
      })
      const verdict = await belay.cancel('short', { cancelation_key: 'a' })
      assert.equal(verdict.summary.canceled, 1)
      const [opener] = await belay.recipientRuns({ cancellation_key: 'a', workflow: 'short' })
      assert.equal(opener?.status, 'cancelled')
      assert.deepEqual(await feedOf('ada', 2), ['2 3 of 2', 'again 2'])
      const [item] = (await belay.feed('ada')).slice(-1)
      assert.deepEqual(
        item?.activities?.map(({ data }) => data['n']),
        [2, 3],
      )
      assert.deepEqual([item.total_activities, item.data], [2, { n: 3, page: 'p' }])
      const [message] = await belay.messages({ message_ids: item.id })
      assert.deepEqual(message?.data, { n: 3, page: 'p' }, 'nothing of what was taken back')
      await until('those who joined have ended', async () => {
        const runs = await Promise.all(['b', 'c'].map((key) => belay.recipientRuns({ cancellation_key: key })))
        return runs.flat().every(({ status }) => status === 'completed')
      })
      assert.equal((await belay.cancel('short', { cancelation_key: 'b' })).summary.already_sent, 1)
      await temporal.workflow.getHandle('short/a').result()
    })

    await t.test('the last that fits closes it at once, whoever sleeps until then', async () => {
      for (const n of [1, 2, 3]) await trigger('full', 'grace', n, { cancelation_key: `full-${n}` })
      const [text] = await feedOf('grace', 1)
      assert.match(text!, /of 3$/)
    })

    await t.test('a sliding window waits for who comes', async () => {
      const began = Date.now()
      await trigger('sliding', 'alan', 1)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await trigger('sliding', 'alan', 2)
      assert.deepEqual(await feedOf('alan', 1), ['1 2 of 2'])
      assert.ok(Date.now() - began >= 4_900)
    })

    await t.test('who is deleted gets nothing, though they carry a batch', async () => {
      await trigger('short', 'gone', 1)
      await trigger('short', 'gone', 2)
      assert.equal((await belay.request('DELETE', '/v1/users/gone')).status, 204)
      await trigger('short', 'here', 1)
      await feedOf('here', 2)
      assert.deepEqual(await belay.feed('gone'), [])
    })
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { bodies } from '../../testing/product/belay.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'

const until = { ref: 'until', type: 'delay', settings: { delay_until_field_path: 'data.at' } }
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()

test('stopped while recipients sleep, and started again with other definitions', async (t) => {
  const product = await startProduct(t, {
    store: 'postgres',
    notifications: notificationsFolder({
      'letter/workflow.json': workflow(feedStep('now', 'first'), delayStep('wait', 5), feedStep('later', 'second')),
      'removed/workflow.json': workflow(until, feedStep('later', 'kept its sleepers')),
    }),
  })
  const { belay } = product
  const letter = { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'k' }
  const { workflow_run_id: triggerId } = await belay.trigger('letter', letter)
  await belay.cancel('letter', { cancelation_key: 'k', recipients: ['bob'] })
  await belay.trigger('removed', { recipients: ['dora'], cancelation_key: 'soon', data: { at: inSeconds(3_600) } })
  await belay.trigger('removed', { recipients: ['erik'], cancelation_key: 'late', data: { at: inSeconds(3_600) } })
  await product.stop()
  await product.start(
    notificationsFolder({ 'letter/workflow.json': workflow(feedStep('now', 'a new text, and no second message')) }),
  )

  await t.test(
    'whoever was not canceled gets the second message once, as it was when they were triggered',
    async () => {
      await (await toldRun(product.temporal, 'letter/k')).result()
      assert.deepEqual(bodies(await belay.feed('ada')), ['second', 'first'])
      assert.deepEqual(bodies(await belay.feed('carl')), ['second', 'first'])
      const ofBob = (await belay.messages({ workflow_run_id: triggerId })).filter(
        ({ recipient }) => recipient === 'bob',
      )
      assert.ok(ofBob.every(({ source }) => source.step_ref === 'now'))
    },
  )

  await t.test('a changed definition holds for new triggers', async () => {
    await belay.trigger('letter', { recipients: ['fay'], cancelation_key: 'after' })
    await (await toldRun(product.temporal, 'letter/after')).result()
    assert.deepEqual(bodies(await belay.feed('fay')), ['a new text, and no second message'])
  })

  await t.test(
    'a removed definition takes no triggers, ends who resumes in it, and can still be canceled',
    async () => {
      const { status } = await belay.request('POST', '/v1/workflows/removed/trigger', { recipients: ['ada'] })
      assert.equal(status, 404)
      await belay.post('/v1/workflows/removed/send_now', { cancelation_key: 'soon' })
      await (await toldRun(product.temporal, 'removed/soon')).result()
      assert.deepEqual(bodies(await belay.feed('dora')), [])
      const { summary } = await belay.cancel('removed', { cancelation_key: 'late' })
      assert.equal(summary.canceled, 1)
      await (await toldRun(product.temporal, 'removed/late')).result()
      assert.deepEqual(await belay.feed('erik'), [])
    },
  )
})

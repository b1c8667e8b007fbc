import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startProduct } from '../../testing/product/product.ts'
import { webhookReceiver } from '../../testing/servers/webhook-receiver.ts'

const SECRET = 'a secret for the webhooks'
const pause = { ref: 'until', type: 'delay', settings: { delay_until_field_path: 'data.at' } }
const sleeper = workflow(feedStep('now', 'first'), pause, feedStep('later', 'second'))

interface Run {
  id: string
  status: string
  reason: string | null
  events: { event: string; status: string; data: unknown }[]
}

const reasons = {
  removed: 'the workflow is archived: its file is gone',
  paused: 'the workflow is not active any more',
} as const

test('who resumes in a workflow that takes nobody on any more ends, which its run, its events and a webhook tell', async (t) => {
  const receiver = await webhookReceiver(SECRET)
  t.after(() => receiver.close())
  const env = {
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    BELAY_WEBHOOKS: JSON.stringify([{ url: `${receiver.url}/all`, secret: SECRET }]),
  }
  const before = { 'removed/workflow.json': sleeper, 'paused/workflow.json': sleeper, 'kept/workflow.json': sleeper }
  const product = await startProduct(t, { notifications: notificationsFolder(before), env })
  const { belay } = product
  const triggers: Record<string, string> = {}
  for (const key of ['removed', 'paused', 'kept']) {
    const data = { at: new Date(Date.now() + 86_400_000).toISOString() }
    const { workflow_run_id } = await belay.trigger(key, { recipients: ['ada'], cancelation_key: key, data })
    triggers[key] = workflow_run_id
  }
  for (const key of Object.keys(triggers)) {
    await until(`the first message of ${key}`, async () => {
      const [row] = await belay.recipientRuns({ workflow_run_id: triggers[key]! })
      return row?.status === 'paused' && (await belay.messages({ workflow_run_id: triggers[key]! })).length === 1
    })
  }
  await product.stop()
  const after = { 'paused/workflow.json': { ...sleeper, active: false }, 'kept/workflow.json': sleeper }
  await product.start(notificationsFolder(after))
  for (const key of Object.keys(triggers)) {
    await belay.post(`/v1/workflows/${key}/send_now`, { cancelation_key: key })
    await product.temporal.workflow.getHandle(`${key}/${key}`).result()
  }

  const runOf = async (key: string) => {
    const [row] = await belay.recipientRuns({ workflow_run_id: triggers[key]! })
    return belay.get<Run>(`/v1/workflow_recipient_runs/${row!.id}`)
  }
  const told = (id: string) =>
    receiver.events('/all').filter(({ type, data }) => type.startsWith('workflow_recipient_run.') && data['id'] === id)

  for (const [key, reason] of Object.entries(reasons)) {
    await t.test(`${key}: it is over without a fault, and says why`, async () => {
      const { id, status, reason: shown, events } = await runOf(key)
      assert.deepEqual([status, shown], ['completed', reason])
      const ended = events.filter(({ event }) => event === 'workflow_ended')
      assert.deepEqual(
        ended.map(({ status: how, data }) => [how, data]),
        [['ok', { reason }]],
      )
      assert.ok(!events.some(({ event }) => event === 'workflow_failed' || event === 'step_failed'))
      await until('the webhook', () => told(id).some(({ type }) => type === 'workflow_recipient_run.completed'))
      const completed = told(id).filter(({ type }) => type !== 'workflow_recipient_run.started')
      assert.deepEqual(
        completed.map(({ type, data }) => [type, data['status'], data['reason']]),
        [['workflow_recipient_run.completed', 'completed', reason]],
      )
      const sent = await belay.messages({ workflow_run_id: triggers[key]! })
      assert.deepEqual(
        sent.map(({ source }) => source.step_ref),
        ['now'],
      )
      const { summary } = await belay.cancel(key, { cancelation_key: key })
      assert.equal(summary.canceled, 0)
    })
  }

  await t.test('who sleeps in a workflow that is still active goes on', async () => {
    assert.equal((await runOf('kept')).status, 'completed')
    assert.ok(bodies(await belay.feed('ada')).includes('second'))
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { startProduct } from '../../testing/product/product.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

test('what a trigger names within the network is reached by no message and no fetch, but where an operator lists it', async (t) => {
  const inside = await httpReceiver((response) => response.end('{}'))
  t.after(() => inside.close())
  const port = new URL(inside.url).port
  const notifications = notificationsFolder({
    'hook/workflow.json': workflow(httpStep('hook', '{{ data.url }}', '{}')),
    'fetch/workflow.json': workflow({
      ref: 'fetch',
      type: 'http_fetch',
      settings: { method: 'get', url: '{{ data.url }}' },
    }),
  })
  const product = await startProduct(t, { notifications })
  const { belay } = product
  /** Why it came to nothing; null: it did not. */
  const reasonOf = async (workflowKey: string, url: string) => {
    const { workflow_run_id } = await belay.trigger(workflowKey, { recipients: ['ada'], data: { url } })
    await until(`${workflowKey} ${url} to end`, async () => {
      const [run] = await belay.recipientRuns({ workflow_run_id })
      const messages = await belay.messages({ workflow_run_id })
      return run?.status === 'completed' && messages.every(({ status }) => status !== 'queued')
    })
    return (await belay.recipientRuns({ workflow_run_id }))[0]!.reason
  }
  for (const workflowKey of ['hook', 'fetch']) {
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1'])
      assert.match((await reasonOf(workflowKey, `http://${host}:${port}/`)) ?? 'reached', /not a public address/)
  }
  assert.equal(inside.requests.length, 0)

  await product.stop()
  await product.start(undefined, { BELAY_HTTP_ALLOW_PRIVATE: '127.0.0.1' })
  for (const workflowKey of ['hook', 'fetch']) {
    assert.equal(await reasonOf(workflowKey, inside.url), null)
    assert.match((await reasonOf(workflowKey, `http://169.254.169.254/`)) ?? 'reached', /not a public address/)
  }
  assert.equal(inside.requests.length, 2)
})

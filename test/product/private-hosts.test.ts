import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { startProduct } from '../../testing/product/product.ts'
import { reasonOf } from '../../testing/product/reason-of.ts'
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
  for (const workflowKey of ['hook', 'fetch']) {
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1'])
      assert.match(
        (await reasonOf(belay, workflowKey, { url: `http://${host}:${port}/` })) ?? 'reached',
        /not a public address/,
      )
  }
  assert.equal(inside.requests.length, 0)

  await product.stop()
  await product.start(undefined, { BELAY_HTTP_ALLOW_PRIVATE: '127.0.0.1' })
  for (const workflowKey of ['hook', 'fetch']) {
    assert.equal(await reasonOf(belay, workflowKey, { url: inside.url }), null)
    assert.match(
      (await reasonOf(belay, workflowKey, { url: 'http://169.254.169.254/' })) ?? 'reached',
      /not a public address/,
    )
  }
  assert.equal(inside.requests.length, 2)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { workflow } from '../../testing/fixtures/steps.ts'
import { startProduct } from '../../testing/product/product.ts'
import { reasonOf } from '../../testing/product/reason-of.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

test('a secret of vars reaches the host that a trigger names only once an operator lists it, by message and by fetch', async (t) => {
  const own = await httpReceiver((response) => response.end('{}'))
  const other = await httpReceiver((response) => response.end('{}'))
  t.after(() => Promise.all([own.close(), other.close()]))
  const headers = [{ key: 'Authorization', value: 'Bearer {{ vars.key }}' }]
  const hook = (url: string) => ({
    ref: 'hook',
    type: 'channel',
    channel_type: 'http',
    template: { method: 'post', url, headers, body: '{}' },
  })
  const fetchOf = (url: string, more: object = { headers }) => ({
    ref: 'fetch',
    type: 'http_fetch',
    settings: { method: 'get', url, ...more },
  })
  process.env['BELAY_TEST_HOOK_KEY'] = 'sesame-0123456789'
  t.after(() => delete process.env['BELAY_TEST_HOOK_KEY'])
  const notifications = notificationsFolder({
    'hook/workflow.json': workflow(hook('{{ data.url }}')),
    'hook_own/workflow.json': workflow(hook('{{ vars.base }}{{ data.path }}')),
    'fetch/workflow.json': workflow(fetchOf('{{ data.url }}')),
    'fetch_own/workflow.json': workflow(fetchOf('{{ vars.base }}{{ data.path }}')),
    'signed/workflow.json': workflow(fetchOf('{{ data.url }}', { signing_key: '{{ vars.key }}' })),
    'vars.json': { key: '$BELAY_TEST_HOOK_KEY', base: own.url },
  })
  const env = { BELAY_HTTP_ALLOW_PRIVATE: 'true' }
  const product = await startProduct(t, { notifications, env })
  const { belay } = product
  const led = { url: `${other.url}/led` }
  for (const workflowKey of ['hook', 'fetch', 'signed'])
    assert.match(
      (await reasonOf(belay, workflowKey, led)) ?? 'sent',
      /data chose the host 127\.0\.0\.1, .*_SECRET_HOSTS/,
    )
  for (const workflowKey of ['hook_own', 'fetch_own']) {
    assert.equal(await reasonOf(belay, workflowKey, { path: '/own' }), null)
    for (const path of [`@${new URL(other.url).host}/`, '0', '.localhost/'])
      assert.match((await reasonOf(belay, workflowKey, { path })) ?? 'sent', /data chose the host|url must/, path)
  }
  assert.equal(other.requests.length, 0)
  const keys = (from: typeof own) => from.requests.map((request) => request.headers['authorization'])
  assert.deepEqual(keys(own), ['Bearer sesame-0123456789', 'Bearer sesame-0123456789'])

  await product.stop()
  await product.start(undefined, { ...env, BELAY_HTTP_SECRET_HOSTS: '127.0.0.1' })
  for (const workflowKey of ['hook', 'fetch', 'signed']) assert.equal(await reasonOf(belay, workflowKey, led), null)
  assert.deepEqual(keys(other), ['Bearer sesame-0123456789', 'Bearer sesame-0123456789', undefined])
  assert.match(String(other.requests[2]!.headers['x-knock-signature']), /^t=\d+,s=/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'

const headers = [{ key: 'Authorization', value: '{{ vars.key }}' }]
const fetchOf = (settings: object) => ({ ref: 'f', type: 'http_fetch', settings: { method: 'get', ...settings } })
const hookOf = (template: object) => ({
  ref: 'h',
  type: 'channel',
  channel_key: 'hook',
  template: { method: 'post', ...template },
})

/** What is warned of such a step about its host. */
async function warned(step: object, { env = {}, channel = {} }: { env?: NodeJS.ProcessEnv; channel?: object } = {}) {
  const folder = notificationsFolder({
    'hello/workflow.json': workflow(step, feedStep('told', 'Hi')),
    'vars.json': { key: 'k', base: 'https://api.acme.example' },
    'channels.json': { hook: { type: 'http', settings: channel }, in_app_feed: { type: 'in_app_feed' } },
    'partials/auth/partial.json': { type: 'text', content: 'Bearer {{ vars.key }}' },
  })
  const { warnings = [] } = await readFolder(folder, env)
  return warnings.filter((warning) => warning.includes('BELAY_HTTP_SECRET_HOSTS'))
}

test('a step whose host data may choose, with vars or a signature, is told at start, with its field', async () => {
  const urls = ['{{ data.url }}', 'https://api.acme.example{{ data.path }}', 'https://{{ data.sub }}.acme.example/x']
  const told = [...urls, '{{ vars.base }}{{ data.path }}', '{% assign u = data.url %}{{ u }}']
  for (const url of told) {
    assert.match((await warned(fetchOf({ url, headers })))[0] ?? url, /^hello.* f, settings\.url: data may choose/)
    assert.match((await warned(hookOf({ url, headers })))[0] ?? url, /^hello.* h, template\.url: data may choose/)
  }
  const [url] = urls
  assert.equal((await warned(fetchOf({ url, signing_key: 'k' }))).length, 1)
  assert.equal((await warned(fetchOf({ url, headers: '{"a": "{{ vars.key }}"}' }))).length, 1)
  assert.equal((await warned(fetchOf({ url, query_params: [{ key: 'k', value: "{% render 'auth' %}" }] }))).length, 1)
  assert.equal((await warned(hookOf({ url, body: "{% render 'auth' %}" }), { channel: { secret: '$X' } })).length, 1)
})

test('none is told whose host the file or vars say, which holds none of vars, or where hosts are listed', async () => {
  const own = ['https://api.acme.example/{{ data.id }}', '{{ vars.base }}/x/{{ data.id }}', '{{ vars.base }}']
  for (const url of [...own, 'https://{{ vars.host }}:8443/{{ data.id }}', 'https://api.acme.example'])
    assert.deepEqual(await warned(fetchOf({ url, headers, signing_key: 'k' })), [], url)
  const url = '{{ data.url }}'
  assert.deepEqual(await warned(fetchOf({ url, body: '{{ data | json }}' })), [])
  assert.deepEqual(await warned(fetchOf({ url, headers }), { env: { BELAY_HTTP_SECRET_HOSTS: 'a.example' } }), [])
  assert.deepEqual(await warned(hookOf({ url, headers }), { channel: { secret_hosts: ['*'] } }), [])
})

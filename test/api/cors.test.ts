import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PUBLIC_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

const APP = 'https://app.example.com'

let open: ApiServer
let some: ApiServer
before(async () => {
  open = await startApi(catalog)
  some = await startApi(catalog, undefined, { BELAY_CORS_ORIGINS: `${APP}, http://localhost:3000` })
})
after(async () => {
  await open.close()
  await some.close()
})

const preflight = (origin: string, headers = 'authorization,content-type,x-knock-user-token,x-knock-client') => ({
  key: null,
  headers: {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': headers,
  },
})

test('a preflight needs no key, and lets a page send what Knock’s clients send', async () => {
  const { status, headers } = await open.call('OPTIONS', '/v1/users/ada', preflight(APP))
  assert.equal(status, 204)
  assert.equal(headers.get('access-control-allow-origin'), '*')
  assert.match(headers.get('access-control-allow-methods')!, /GET, PUT, POST, DELETE/)
  assert.equal(
    headers.get('access-control-allow-headers'),
    'authorization,content-type,x-knock-user-token,x-knock-client',
  )
  assert.equal(headers.get('access-control-max-age'), '7200')
})

test('names of headers that are none are not repeated', async () => {
  for (const names of ['x'.repeat(2_000), 'a b', 'a,'.repeat(100), 'a;b']) {
    const { headers } = await open.call('OPTIONS', '/v1/users/ada', preflight(APP, names))
    assert.match(headers.get('access-control-allow-headers')!, /^authorization, content-type, x-knock-user-token/)
  }
})

test('an answer may be read from another origin, errors too, with the headers that tell more', async () => {
  const options = { key: PUBLIC_KEY, headers: { origin: APP } }
  const good = await open.call('GET', '/v1/users/ada/feeds/in-app-feed', options)
  const refused = await open.call('GET', '/v1/messages', { key: null, headers: { origin: APP } })
  const missing = await open.call('GET', '/v1/nothing', options)
  assert.deepEqual([good.status, refused.status, missing.status], [200, 401, 404])
  for (const { headers } of [good, refused, missing]) {
    assert.equal(headers.get('access-control-allow-origin'), '*')
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin')
    const exposed = headers.get('access-control-expose-headers')!.split(', ')
    for (const name of ['x-request-id', 'belay-warning', 'retry-after']) assert.ok(exposed.includes(name), name)
  }
})

test('pages of other origins than those listed are let in by no header', async () => {
  for (const origin of [APP, 'http://localhost:3000']) {
    const { status, headers } = await some.call('OPTIONS', '/v1/users/ada', preflight(origin))
    assert.deepEqual([status, headers.get('access-control-allow-origin'), headers.get('vary')], [204, origin, 'Origin'])
  }
  for (const origin of ['https://evil.example.com', 'http://app.example.com', `${APP}.evil.com`, 'null']) {
    const asked = await some.call('OPTIONS', '/v1/users/ada', preflight(origin))
    const answer = await some.call('GET', '/v1/messages', { headers: { origin } })
    assert.deepEqual([asked.status, answer.status], [204, 200])
    for (const { headers } of [asked, answer]) {
      assert.equal(headers.get('access-control-allow-origin'), null)
      assert.equal(headers.get('vary'), 'Origin')
    }
    assert.equal(answer.headers.get('cross-origin-resource-policy'), 'same-origin')
  }
})

test('OPTIONS without a preflight tells the methods, and needs no key', async () => {
  const { status, headers } = await open.call('OPTIONS', '/v1/users/ada', { key: null })
  assert.deepEqual([status, headers.get('allow')], [204, 'DELETE, GET, HEAD, OPTIONS, PUT'])
})

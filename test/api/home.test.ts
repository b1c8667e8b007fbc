import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Script } from 'node:vm'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

let api: ApiServer
before(async () => {
  api = await startApi(await readCatalog('notifications'))
})
after(() => api.close())

const page = async (url: string) => fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } })

test('a browser is greeted, with links and with buttons that need nothing but what is served here', async () => {
  const answer = await page(api.url)
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type')!, /^text\/html/)
  const text = await answer.text()
  assert.match(text, /href="\/docs\/"/)
  for (const [, path] of text.matchAll(/(?:src|href)="(\/home\.[a-z]+)"/g)) {
    assert.equal((await fetch(api.url + path!)).status, 200, path)
  }
  assert.ok(!text.includes('sk_test'), 'the key is not in the page')
  const script = await (await fetch(`${api.url}/home.js`)).text()
  assert.doesNotThrow(() => new Script(script))
})

test('without the example the page asks which workflow, naming none, and finds the example once it is there', async (t) => {
  const other = await startApi(catalog)
  t.after(() => other.close())
  const without = await (await page(other.url)).text()
  assert.ok(/<input id="workflow"(?![^>]*hidden)/.test(without) && !without.includes('try-me'))
  other.deps.catalog = api.deps.catalog
  assert.match(await (await page(other.url)).text(), /Notify Ada, Grace and Alan/)
})

test('who asks for JSON finds nothing', async () => {
  const { status, body } = await api.call('GET', '/', { key: null, headers: { accept: 'application/json' } })
  assert.deepEqual([status, (body as { errors: object }).errors], [404, { detail: '404 Not Found' }])
  assert.equal((await api.call('GET', '/', { key: null })).status, 404)
})

import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'

let api: ApiServer
let database: TestDatabase
before(async () => {
  const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']))
  database = await testPostgres()
  api = await startApi(catalog, openPostgres(database.url))
  await publishCatalog(api.deps.store.db, catalog)
  const { db } = api.deps.store
  const [run] = await seedTrigger(db, { recipients: ['ada'], data: { plan: 'pro' }, tenant: 'acme' })
  await seedMessage(db, run!, { content: {} })
})
after(async () => {
  await api.close()
  await database.drop()
})

const get = (path: string) => api.call('GET', `/v1/${path}`)
const feed = 'users/ada/feeds/in-app-feed'
const lists = ['messages', 'users/ada/messages', feed]
const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url')

const noInstants = [
  '0000-01-01T00:00:00Z',
  '2027Z',
  '23:59Z',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:00+25:00',
  `2026-01-01T00:00:00.${'1'.repeat(3_000)}Z`,
]

test('an instant that is none is refused in every filter and cursor, and one of any offset is taken', async () => {
  const filters = lists.flatMap((list) =>
    ['gt', 'gte', 'lt', 'lte'].flatMap((bound) => [`${list}?inserted_at.${bound}`, `${list}?inserted_at[${bound}]`]),
  )
  const instants = [...filters, 'workflow_recipient_runs?starting_at', 'workflow_recipient_runs?ending_at']
  for (const path of instants) {
    for (const text of noInstants) {
      assert.equal(assertRefused(await get(`${path}=${text}`), 422, 'invalid_params').length, 1)
    }
    for (const text of ['2026-01-01T00:00:00%2B23:59', '0001-01-01T00:00Z', '9999-12-31T23:59:59.999999Z']) {
      assert.equal((await get(`${path}=${text}`)).status, 200, `${path}=${text}`)
    }
  }
  for (const list of lists) {
    for (const text of noInstants) {
      for (const side of ['after', 'before']) {
        const refused = assertRefused(await get(`${list}?${side}=${cursor([text, 1, 0])}`), 422, 'invalid_params')
        assert.deepEqual(refused, [`${side} format`])
      }
    }
  }
  for (const position of [[1e300], ['1'], [-1], [1, 2], {}, [null]]) {
    const refused = await get(`workflow_recipient_runs?after=${cursor(position)}`)
    assert.deepEqual(assertRefused(refused, 422, 'invalid_params'), ['after format'])
  }
})

test('what is decoded inside a query is looked at as the query is', async () => {
  const texts = [
    '{"a":"\\u0000"}',
    '{"a\\u0000":1}',
    '{"a":"\\ud800"}',
    '{"a":12345678901234567890}',
    '{"a":1e999}',
    '{"a":1,"a":2}',
  ]
  for (const list of lists) {
    for (const text of [...texts, '{"a":{}}', '{"a":[1]}', '[]', 'null', '1', '', '{']) {
      const refused = await get(`${list}?trigger_data=${encodeURIComponent(text)}`)
      assert.deepEqual(assertRefused(refused, 422, 'invalid_params'), ['trigger_data cast'], text)
    }
  }
})

test('a filter on any name filters, or is refused: none lists everything', async () => {
  const none = async (query: string) => {
    const answer = await get(`messages?${query}`)
    if (answer.status === 422) return
    assert.deepEqual((answer.body as { items: unknown[] }).items, [], query)
  }
  const all = (await get('messages')).body as { items: unknown[] }
  assert.equal(all.items.length, 1)
  await none('trigger_data={"__proto__":1}')
  await none('trigger_data[__proto__]=1')
  await none('trigger_data%5B__proto__%5D=1')
  await none('trigger_data[toString]=1')
  await none('trigger_data[hasOwnProperty]=1')
  await none('inserted_at.after=2026-01-01T00:00:00Z')
  await none('trigger_data[a][b][c][d][e][f][g]=1')
  await none(`${Array.from({ length: 2_001 }, (_, i) => `x${i}=1`).join('&')}&tenant=none`)
  assert.equal((await get('messages?toString=1&constructor[prototype]=2')).status, 200)
})

test('has_tenant takes true and false as every language writes them', async () => {
  for (const text of ['true', 'True', 'false', 'False', 'TRUE']) {
    assert.equal((await get(`${feed}?has_tenant=${text}`)).status, 200)
  }
  assertRefused(await get(`${feed}?has_tenant=yes`), 422, 'invalid_params')
})

/** With its path as it is, which fetch would resolve. */
function sendRaw(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url)
    const headers = { authorization: `Bearer ${SECRET_KEY}` }
    httpRequest({ hostname, port, method, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}

test('an id that a URL would resolve away is no id', async () => {
  for (const id of ['.', '..']) {
    const encoded = id.replaceAll('.', '%2E')
    assert.equal(await sendRaw('GET', `/v1/users/${encoded}/messages`), 422)
    assert.equal(await sendRaw('PUT', `/v1/users/${encoded}`), 422)
    const one = (body: object) => api.call('POST', '/v1/workflows/invite/trigger', { body })
    assert.deepEqual(assertRefused(await one({ recipients: [id] }), 422, 'invalid_params'), ['recipients[0] format'])
    assertRefused(await one({ recipients: [{ id, collection: 'teams' }] }), 422, 'invalid_params')
    assertRefused(await one({ recipients: [{ id: 'a', collection: id }] }), 422, 'invalid_params')
    assertRefused(await one({ recipients: ['ada'], tenant: id }), 422, 'invalid_params')
  }
  assert.equal((await api.call('PUT', '/v1/users/a..b', { body: {} })).status, 200)
})

test('a workflow key longer than any is refused, with an Idempotency-Key too', async () => {
  const key = 'k'.repeat(9_000)
  const headers = { 'idempotency-key': 'once' }
  for (const call of ['trigger', 'cancel', 'send_now', 'bulk_cancel']) {
    const body = call === 'bulk_cancel' ? { cancelation_keys: ['a'] } : { recipients: ['ada'], cancelation_key: 'a' }
    const answer = await api.call('POST', `/v1/workflows/${key}/${call}`, { body, headers })
    assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), ['key length'])
  }
})

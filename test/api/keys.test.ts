import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { routes } from '../../api/routes/index.ts'
import { keyFinder } from '../../api/http/find-key.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres, query, type Database, type Store } from '../../store/postgres/database.ts'
import { sql } from 'drizzle-orm'
import { PUBLIC_KEY, SECRET_KEY, startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']))

/** Two apis on one Postgres. */
let database: TestDatabase
let one: ApiServer
let other: ApiServer
before(async () => {
  database = await testPostgres()
  one = await startApi(catalog, openPostgres(database.url))
  other = await startApi(catalog, openPostgres(database.url))
  await publishCatalog(one.deps.store.db, catalog)
})
after(async () => {
  await one.close()
  await other.close()
  await database.drop()
})

async function made(name: string, scopes: string[]): Promise<string> {
  const answer = await one.call('POST', '/v1/keys', { body: { name, scopes } })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return (answer.body as { key: string }).key
}

const trigger = (key: string, body: object, headers = {}): Promise<Answer> =>
  one.call('POST', '/v1/workflows/invite/trigger', { key, body, headers })

test('a key is told once, listed by how it begins, and kept as a hash', async () => {
  const key = await made('shop', ['notify', 'notify', 'read'])
  assert.match(key, /^sk_[\w-]{32}$/)
  const { body } = await one.call('GET', '/v1/keys')
  const row = (body as { entries: { name: string }[] }).entries.find(({ name }) => name === 'shop')
  assert.ok(row !== undefined && !JSON.stringify(body).includes(key))
  assert.deepEqual(
    { ...row, created_at: '' },
    {
      __typename: 'ApiKey',
      name: 'shop',
      hint: key.slice(0, 7),
      scopes: ['notify', 'read'],
      created_at: '',
      revoked_at: null,
    },
  )
  const kept = await query(one.deps.store.db, sql`select * from api_keys`)
  assert.ok(!JSON.stringify(kept).includes(key.slice(8)))
})

test('a name is never given twice, also after it was revoked', async () => {
  await made('once', ['read'])
  const again = () => one.call('POST', '/v1/keys', { body: { name: 'once', scopes: ['read'] } })
  assert.deepEqual(assertRefused(await again(), 422, 'invalid_params'), ['name conflict'])
  const revoked = await one.call('DELETE', '/v1/keys/once')
  assert.equal(revoked.status, 200)
  assert.deepEqual((await one.call('DELETE', '/v1/keys/once')).body, revoked.body)
  assert.deepEqual(assertRefused(await again(), 422, 'invalid_params'), ['name conflict'])
  assert.equal((await one.call('DELETE', '/v1/keys/never')).status, 404)
})

test('a name or a scope that is none is refused', async () => {
  const cases: [unknown, string[]][] = [
    [{ name: 'Shop', scopes: ['read'] }, ['name format']],
    [{ name: 'temporal', scopes: ['read'] }, ['name invalid']],
    [{ name: 'x'.repeat(65), scopes: ['read'] }, ['name length']],
    [{ name: 'a', scopes: [] }, ['scopes length']],
    [{ name: 'a', scopes: ['write'] }, ['scopes[0] inclusion']],
    [{ name: 'a' }, ['scopes required']],
  ]
  for (const [body, fields] of cases) {
    const answer = await one.call('POST', '/v1/keys', { body })
    assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), fields)
  }
})

test('a new key is let in by every api at once, and a revoked one by none after two', async () => {
  // Both have read the keys there were.
  await assertStatus(401, 'sk_none_of_these_keys_12345678')
  const key = await made('brief', ['read'])
  await assertStatus(200, key)
  await one.call('DELETE', '/v1/keys/brief')
  const revokedAt = performance.now()
  await eventually(() => assertStatus(401, key))
  assert.ok(performance.now() - revokedAt < 20_000)
})

async function assertStatus(status: number, key: string): Promise<void> {
  for (const api of [one, other]) assert.equal((await api.call('GET', '/v1/users', { key })).status, status)
}

test('a scope holds neither of the others, but for admin', async () => {
  const [read, notify, admin] = [await made('r', ['read']), await made('n', ['notify']), await made('a', ['admin'])]
  const calls: [method: string, path: string, body: unknown, letIn: string[]][] = [
    ['GET', '/v1/users', undefined, [read, admin]],
    ['POST', '/v1/workflows/invite/trigger', { recipients: ['ada'] }, [notify, admin]],
    ['PUT', '/v1/users/ada', { name: 'Ada' }, [admin]],
    ['GET', '/v1/keys', undefined, [admin]],
  ]
  for (const [method, path, body, letIn] of calls) {
    for (const key of [read, notify, admin]) {
      const answer = await one.call(method, path, { key, body })
      assert.equal(answer.status, letIn.includes(key) ? 200 : 403, `${method} ${path}`)
      if (answer.status === 403) assert.equal((answer.body as { code: string }).code, 'not_permitted')
    }
  }
  const told = await one.call('PUT', '/v1/users/ada', { key: read, body: {} })
  assert.match((told.body as { message: string }).message, /scope admin: r has read/)
})

test('whatever only reads needs read, but for keys, and nothing that writes does', () => {
  for (const { method, path, scope } of routes) {
    if (path.startsWith('/v1/keys')) assert.equal(scope, 'admin')
    else assert.equal(scope === 'read', method === 'get', `${method} ${path} needs ${scope}`)
  }
})

test('who canceled stands in the run and in its events', async () => {
  const shop = await made('shop-backend', ['notify'])
  const { body } = await trigger(shop, { recipients: ['lin'], cancelation_key: 'invite_1' })
  await one.call('POST', '/v1/workflows/invite/cancel', {
    key: shop,
    body: { cancelation_key: 'invite_1', reason: 'accepted' },
  })
  const { workflow_run_id } = body as { workflow_run_id: string }
  const list = await one.call('GET', `/v1/workflow_recipient_runs?workflow_run_id=${workflow_run_id}`)
  const [run] = (list.body as { items: { id: string; canceled_by: string; reason: string }[] }).items
  assert.deepEqual([run!.canceled_by, run!.reason], ['shop-backend', 'accepted'])
  const { events } = (await one.call('GET', `/v1/workflow_recipient_runs/${run!.id}`)).body as {
    events: { event: string; data: unknown }[]
  }
  const told = events.find(({ event }) => event === 'canceled')
  assert.deepEqual(told?.data, { api_key: 'shop-backend', reason: 'accepted' })
  const [signal] = await query<{ by: string }>(
    one.deps.store.db,
    sql`select "by" from pending_signals where kind = 'cancel'`,
  )
  assert.equal(signal?.by, 'shop-backend')
  const kept = await query<{ api_key: string }>(
    one.deps.store.db,
    sql`select api_key from triggers where workflow_run_id = ${workflow_run_id}`,
  )
  assert.deepEqual(kept, [{ api_key: 'shop-backend' }])
})

test('an Idempotency-Key is its key’s own', async () => {
  const [first, second] = [await made('first', ['notify']), await made('second', ['notify'])]
  const headers = { 'idempotency-key': 'same' }
  const answers = []
  for (const key of [first, first, second]) answers.push((await trigger(key, { recipients: ['sam'] }, headers)).body)
  assert.deepEqual(answers[0], answers[1])
  assert.notDeepEqual(answers[0], answers[2])
})

describe('the keys in memory', () => {
  let store: Store
  before(async () => {
    store = await testPglite()
    await store.migrate()
  })
  after(() => store.close())

  const settings = { BELAY_SECRET_KEY: SECRET_KEY, BELAY_PUBLIC_KEY: PUBLIC_KEY }

  test('a thousand requests are one statement, and keys of the settings are none', async () => {
    const counted = { statements: 0 }
    const db = new Proxy(store.db, {
      get(target, name) {
        if (name === 'execute') counted.statements += 1
        return Reflect.get(target, name, target) as unknown
      },
    })
    const find = keyFinder(settings, db)
    for (const key of [SECRET_KEY, PUBLIC_KEY, 'pk_wrong_12345678']) await find(key)
    assert.equal(counted.statements, 0)
    await Promise.all(Array.from({ length: 1_000 }, () => find('sk_wrong_1234567890123456')))
    assert.ok([1, 2].includes(counted.statements), `${counted.statements} statements`)
  })

  test('without the store, its keys are not known to be wrong: that is an error, and no refusal', async () => {
    const away = { execute: () => Promise.reject(new Error('away')) } as unknown as Database
    const find = keyFinder(settings, away)
    assert.equal((await find(SECRET_KEY))?.name, 'BELAY_SECRET_KEY')
    await assert.rejects(find('sk_wrong_1234567890123456'))
  })
})

import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

let api: ApiServer
before(async () => {
  const catalog = catalogOf(testVersion('invite', ['wait', 'feed']), testVersion('remind', ['until', 'feed']))
  // PGlite sets no deadline for a statement: the largest of all triggers may take a busy machine longer than Postgres gives it.
  api = await startApi(catalog, await testPglite())
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const CHANNEL = '7c2a2d3e-0c5b-4a39-9d8f-7d1a2f6f0001'
const KB = 1_024
const MB = KB * KB
const long = (length: number) => 'x'.repeat(length)
const many = <Item>(count: number, item: (n: number) => Item) => Array.from({ length: count }, (_, n) => item(n))
const ids = (count: number) => many(count, (n) => `user-${n}`)
/** An object that takes exactly `bytes` as JSON. */
const sized = (bytes: number) => ({ a: long(bytes - '{"a":""}'.length) })
const trigger = (body: object, key = 'invite') => ['POST', `/v1/workflows/${key}/trigger`, body] as const
const cancel = (body: object) => ['POST', '/v1/workflows/invite/cancel', body] as const
const move = (how: string, body: object) => ['POST', `/v1/workflows/invite/${how}`, body] as const
const schedule = (body: object) => {
  const once = { workflow: 'invite', scheduled_at: new Date(Date.now() + 3_600_000).toISOString() }
  return ['POST', '/v1/schedules', { recipients: ['ada'], ...once, ...body }] as const
}
const bulk = (of: string, body: object, method = 'POST') => [method, `/v1/${of}`, body] as const
const delay = { delay_for: { unit: 'days', value: 1 } }

type Request = readonly [method: string, path: string, body?: object]
/** What is asked with so many; the fields that a refusal of one more names. */
const limits: [what: string, most: number, request: (n: number) => Request, fields: string[]][] = [
  ['recipients named', 10_000, (n) => trigger({ recipients: ids(n) }), ['recipients length']],
  ['entries, some twice', 20_000, (n) => trigger({ recipients: many(n, () => 'ada') }), ['recipients length']],
  ['characters of an id', 256, (n) => trigger({ recipients: [long(n)] }), ['recipients[0] length']],
  [
    'characters of an object',
    256,
    (n) => trigger({ recipients: [{ collection: 'c', id: long(n) }] }),
    ['recipients[0].id length'],
  ],
  ['bytes of a user', 256 * KB, (n) => trigger({ recipients: [{ id: 'a', ...sized(n) }] }), ['recipients[0] length']],
  ['bytes of data', 10 * MB, (n) => trigger({ recipients: ['a'], data: sized(n) }), ['data length']],
  [
    'characters of a key',
    1_000,
    (n) => trigger({ recipients: ['a'], cancelation_key: '💥'.repeat(n) }),
    ['cancelation_key length'],
  ],
  ['a key to cancel', 1_000, (n) => cancel({ cancelation_key: long(n) }), ['cancelation_key length']],
  ['whom to cancel', 10_000, (n) => cancel({ cancelation_key: 'k', recipients: ids(n) }), ['recipients length']],
  ['a reason', 1_000, (n) => cancel({ cancelation_key: 'k', reason: long(n) }), ['reason length']],
  [
    'a key to move',
    1_000,
    (n) => move('reschedule', { cancelation_key: long(n), ...delay }),
    ['cancelation_key length'],
  ],
  ['a key to send now', 1_000, (n) => move('send_now', { cancelation_key: long(n) }), ['cancelation_key length']],
  [
    'whom to move',
    10_000,
    (n) => move('send_now', { cancelation_key: 'k', recipients: ids(n) }),
    ['recipients length'],
  ],
  [
    'days of a move',
    365,
    (n) => move('reschedule', { cancelation_key: 'k', delay_for: { unit: 'days', value: n } }),
    ['delay_for length'],
  ],
  ['an id in a path', 256, (n) => ['PUT', `/v1/users/${long(n)}`, {}], ['id length']],
  ['bytes of properties', 256 * KB, (n) => ['PUT', '/v1/users/a', sized(n)], ['body length']],
  [
    'bytes of channel data',
    64 * KB,
    (n) => ['PUT', `/v1/users/a/channel_data/${CHANNEL}`, { data: sized(n) }],
    ['data length'],
  ],
  ['page_size', 50, (n) => ['GET', `/v1/messages?page_size=${n}`], ['page_size length']],
  [
    'message_ids',
    50,
    (n) => ['GET', `/v1/messages?${many(n, (i) => `message_ids[]=${i}`).join('&')}`],
    ['message_ids length'],
  ],
  [
    'users identified',
    1_000,
    (n) => bulk('users/bulk/identify', { users: many(n, (i) => ({ id: `u${i}` })) }),
    ['users length'],
  ],
  ['users deleted', 1_000, (n) => bulk('users/bulk/delete', { user_ids: ids(n) }), ['user_ids length']],
  [
    'users with preferences',
    1_000,
    (n) => bulk('users/bulk/preferences', { user_ids: ids(n), preferences: {} }),
    ['user_ids length'],
  ],
  [
    'objects set',
    1_000,
    (n) => bulk('objects/c/bulk/set', { objects: many(n, (i) => ({ id: `o${i}` })) }),
    ['objects length'],
  ],
  ['objects deleted', 1_000, (n) => bulk('objects/c/bulk/delete', { object_ids: ids(n) }), ['object_ids length']],
  ['tenants set', 1_000, (n) => bulk('tenants/bulk/set', { tenants: ids(n) }), ['tenants length']],
  [
    'tenants deleted',
    1_000,
    (n) => [
      'POST',
      `/v1/tenants/bulk/delete?${ids(n)
        .map((id) => `tenant_ids[]=${id}`)
        .join('&')}`,
    ],
    ['tenant_ids length'],
  ],
  ['subscribers added', 1_000, (n) => bulk('objects/c/o/subscriptions', { recipients: ids(n) }), ['recipients length']],
  ['messages marked', 1_000, (n) => bulk('messages/batch/seen', { message_ids: ids(n) }), ['message_ids length']],
  ['characters of an event', 255, (n) => bulk('events', { event: long(n) }), ['event length']],
  ['whom an event is about', 1_000, (n) => bulk('events', { event: 'e', recipients: ids(n) }), ['recipients length']],
  ['bytes of an event', 256 * KB, (n) => bulk('events', { event: 'e', data: sized(n) }), ['data length']],
  ['schedules', 100, (n) => schedule({ recipients: ids(n) }), ['recipients length']],
  [
    'rules of a schedule',
    20,
    (n) => schedule({ repeats: many(n, () => ({ frequency: 'daily' })) }),
    ['repeats length'],
  ],
]

for (const [what, most, request, fields] of limits) {
  test(`${what}: ${most.toLocaleString('en')} pass, and one more is refused by the name of its field`, async () => {
    const ask = (n: number) => {
      const [method, path, body] = request(n)
      return api.call(method, path, body === undefined ? {} : { body })
    }
    const passed = await ask(most)
    assert.ok([200, 204, 404].includes(passed.status), JSON.stringify(passed.body).slice(0, 500))
    assert.deepEqual(assertRefused(await ask(most + 1), 422, 'invalid_params'), fields)
  })
}

test('a body: 20 MB of a trigger and 1 MB of other calls pass, and one byte more is too large', async () => {
  const padded = (rest: string, bytes: number) => `{${rest}"pad":"${long(bytes - rest.length - '{"pad":""}'.length)}"}`
  for (const [method, path, rest, most] of [
    ['POST', '/v1/workflows/invite/trigger', '"recipients":["ada"],', 20 * MB],
    ['POST', '/v1/messages/batch/seen', '"message_ids":["00000000-0000-4000-8000-000000000000"],', MB],
  ] as const) {
    assert.equal((await api.call(method, path, { body: padded(rest, most) })).status, 200, path)
    assertRefused(await api.call(method, path, { body: padded(rest, most + 1) }), 413, 'payload_too_large')
  }
})

test('an instant: 365 days from now pass, and a millisecond more is refused by its path', async () => {
  const now = Date.now()
  api.clock.now = now
  const at = (ms: number) =>
    trigger({ recipients: ['ada'], data: { remind_at: new Date(now + ms).toISOString() } }, 'remind')
  const year = 365 * 86_400_000
  const ask = ([method, path, body]: readonly [string, string, object]) => api.call(method, path, { body })
  assert.equal((await ask(at(year))).status, 200)
  assert.deepEqual(assertRefused(await ask(at(year + 1)), 422, 'invalid_params'), ['data.remind_at invalid'])
})

test('fan-out: an object and its 100,000 subscribers are told, and one more is refused', async () => {
  const subscribe = (from: number, until: number) =>
    api.deps.store.db.execute(sql`
      insert into subscriptions (object, recipient, properties, inserted_at, updated_at)
      select 'project#apollo', 'user-' || n, '{}', now(), now() from generate_series(${from}::int, ${until}::int) n`)
  const tell = () =>
    api.call('POST', '/v1/workflows/invite/trigger', {
      body: { recipients: [{ collection: 'project', id: 'apollo' }] },
    })
  await subscribe(1, 100_000)
  assert.equal((await tell()).status, 200)
  await subscribe(100_001, 100_001)
  assert.deepEqual(assertRefused(await tell(), 422, 'invalid_params'), ['recipients length'])
})

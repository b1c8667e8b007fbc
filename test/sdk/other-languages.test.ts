import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { emailChannel, feedChannel } from '../../testing/fixtures/seed.ts'
import { rawRequest, type Dialect, type RawAnswer } from '../../testing/sdk/raw-request.ts'
import { openWorld, type World } from '../../testing/sdk/world.ts'

const json = { 'content-type': 'application/json' }
const stainless = (lang: string, version: string) => ({
  'x-stainless-lang': lang,
  'x-stainless-package-version': version,
  'x-stainless-retry-count': '0',
  'x-stainless-timeout': '60',
})

/** Clients for which no package is called here: their requests, as their source writes them. */
const dialects: Dialect[] = [
  {
    name: 'knock-go 0.1',
    headers: (method) => ({
      accept: 'application/json',
      'user-agent': 'Knock/Go v0.1.20',
      ...(method === 'GET' ? {} : json),
    }),
    emptyQuery: '',
    end: '\n',
  },
  {
    name: 'knock-go 1',
    headers: (method) => ({
      accept: 'application/json',
      'user-agent': 'Knock/Go 1.38.0',
      ...json,
      ...stainless('go', '1.38.0'),
      ...(method === 'GET' ? {} : { 'idempotency-key': `stainless-go-${randomUUID()}` }),
    }),
    emptyQuery: '',
    end: '',
  },
  {
    name: 'knockapi of Ruby, 0',
    headers: () => ({
      accept: '*/*',
      'accept-encoding': 'gzip;q=1.0,deflate;q=0.6,identity;q=0.3',
      'user-agent': 'Knock Ruby - v0.4.12',
      ...json,
    }),
    emptyQuery: '?',
    end: '',
  },
  {
    name: 'knockapi of Ruby, 1',
    headers: (method) => ({
      accept: 'application/json',
      'user-agent': 'Knockapi::Client/Ruby 1.30.0',
      ...json,
      ...stainless('ruby', '1.30.0'),
      ...(method === 'POST' ? { 'idempotency-key': `stainless-ruby-retry-${randomUUID()}` } : {}),
    }),
    emptyQuery: '',
    end: '',
  },
]

type Json = Record<string, unknown>
let world: World
before(async () => {
  world = await openWorld()
})
after(() => world.api.close())

for (const dialect of dialects) {
  const ask = (method: string, path: string, body?: unknown): Promise<RawAnswer> =>
    rawRequest(world.api.url, dialect, { method, path, body })
  const ok = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const answer = await ask(method, path, body)
    assert.ok(answer.status === 200 || answer.status === 204, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body as Json
  }
  const ids = (page: Json) => ((page['items'] ?? page['entries']) as { id: string }[]).map(({ id }) => id)

  describe(dialect.name, () => {
    test('users: set with the id in the body, too, read, listed, deleted without a body', async () => {
      const id = world.fresh()
      await ok('PUT', `/v1/users/${id}`, { id, name: 'Ada', email: 'ada@example.com', avatar: null, plan: 'pro' })
      const user = await world.get(`/v1/users/${id}`)
      assert.deepEqual([user['id'], user['name'], user['plan'], user['avatar']], [id, 'Ada', 'pro', null])
      assert.ok(ids(await ok('GET', '/v1/users')).includes(id))
      await ok('DELETE', `/v1/users/${id}`)
      assert.equal(await world.status(`/v1/users/${id}`), 404)
    })

    test('trigger and cancel: null for what was not given, and names of its own in the body', async () => {
      const key = world.fresh()
      const recipients = ['ada', { id: 'red', collection: 'teams' }]
      const run = await ok('POST', '/v1/workflows/invite/trigger', {
        workflow: 'invite',
        actor: null,
        recipients,
        data: {},
        cancellation_key: key,
        tenant: null,
      })
      assert.match(String(run['workflow_run_id']), /^[0-9a-f-]{36}$/)
      const runs = async () =>
        ((await world.get(`/v1/workflow_recipient_runs?cancelation_key=${key}`))['items'] as Json[]).map(
          ({ recipient, status }) => [typeof recipient === 'string' ? recipient : 'red', status],
        )
      await ok('POST', '/v1/workflows/invite/cancel', { cancellation_key: key, recipients: ['ada'] })
      const afterOne = new Map((await runs()) as [string, string][])
      assert.equal(afterOne.get('ada'), 'cancelled')
      assert.notEqual(afterOne.get('red'), 'cancelled')
      await ok('POST', '/v1/workflows/invite/cancel', { workflow: 'invite', cancellation_key: key, recipients: null })
      assert.ok((await runs()).every(([, status]) => status === 'cancelled'))
    })

    test('messages: filters in each spelling of a list, in nested names and in JSON', async () => {
      const { id, user } = await world.message()
      const all = `/v1/users/${user}/messages`
      const found = ['status=delivered&status=sent', 'status[]=delivered&status[]=sent', 'status%5B%5D=delivered']
      for (const query of [...found, 'inserted_at[gte]=2020-01-01T00:00:00Z', 'trigger_data=%7B%7D', 'page_size=10'])
        assert.deepEqual(ids(await ok('GET', `${all}?${query}`)), [id], query)
      for (const query of ['status=bounced&status=sent', 'inserted_at[lt]=2020-01-01T00:00:00Z', 'tenant=nobody'])
        assert.deepEqual(ids(await ok('GET', `${all}?${query}`)), [], query)
    })

    test('statuses: set and taken back without a body, many at once, and under either name of what is taken back', async () => {
      const { id, user } = await world.message()
      const field = async (name: string) => (await world.get(`/v1/messages/${id}`))[name] ?? null
      for (const [status, back, name] of [
        ['seen', 'unseen', 'seen_at'],
        ['read', 'unread', 'read_at'],
        ['archived', 'unarchived', 'archived_at'],
      ] as const) {
        for (const [method, last] of [
          ['DELETE', status],
          ['DELETE', back],
          ['PUT', back],
        ] as const) {
          await ok('PUT', `/v1/messages/${id}/${status}`)
          assert.notEqual(await field(name), null)
          await ok(method, `/v1/messages/${id}/${last}`)
          assert.equal(await field(name), null, `${method} ${last}`)
        }
        await ok('POST', `/v1/messages/batch/${status}`, { message_ids: [id] })
        await ok('POST', `/v1/messages/batch/${back}`, { message_ids: [id] })
        assert.equal(await field(name), null)
      }
      const bulk = `/v1/channels/${feedChannel.id}/messages/bulk/read`
      await world.done((await ok('POST', bulk, { user_ids: [user] })) as { id: string })
      assert.notEqual(await field('read_at'), null)
    })

    test('preferences: null for parts that were not given, one part alone, and of many users by PUT', async () => {
      const [id, other] = [world.fresh(), world.fresh()]
      const setOf = (user: string) => world.get(`/v1/users/${user}/preferences/default`)
      const whole = { channel_types: { email: false }, workflows: null, categories: null }
      await ok('PUT', `/v1/users/${id}/preferences/default`, whole)
      assert.deepEqual((await setOf(id))['channel_types'], { email: false })
      await ok('PUT', `/v1/users/${id}/preferences/default/workflows/invite`, { subscribed: false })
      await ok('PUT', `/v1/users/${id}/preferences/default/categories/news`, { channel_types: { sms: false } })
      const { channel_types, workflows, categories } = await setOf(id)
      assert.deepEqual(
        [channel_types, workflows, categories],
        [{ email: false }, { invite: false }, { news: { channel_types: { sms: false } } }],
      )
      const body = { user_ids: [other], preferences: { channel_types: { push: false }, id: 'default' } }
      await world.done((await ok('PUT', '/v1/users/bulk/preferences', body)) as { id: string })
      assert.deepEqual((await setOf(other))['channel_types'], { push: false })
    })

    test('objects, subscriptions, tenants and channel data', async () => {
      const [id, user] = [world.fresh(), world.fresh()]
      await ok('PUT', `/v1/objects/teams/${id}`, { name: 'Red' })
      assert.deepEqual((await world.get(`/v1/objects/teams/${id}`))['properties'], { name: 'Red' })
      await ok('POST', `/v1/objects/teams/${id}/subscriptions`, { recipients: [user], properties: {} })
      const listed = async () => ((await ok('GET', `/v1/users/${user}/subscriptions`))['entries'] as unknown[]).length
      assert.equal(await listed(), 1)
      const some = await ok('GET', `/v1/users/${user}/subscriptions?objects[][id]=${id}&objects[][collection]=teams`)
      assert.equal((some['entries'] as unknown[]).length, 1)
      await ok('DELETE', `/v1/objects/teams/${id}/subscriptions`, { recipients: [user] })
      assert.equal(await listed(), 0)
      await ok('PUT', `/v1/users/${user}/channel_data/${emailChannel.id}`, { data: { tokens: ['t1'] } })
      const stored = await world.get(`/v1/users/${user}/channel_data/${emailChannel.id}`)
      assert.ok(JSON.stringify(stored).includes('t1'))
      await ok('DELETE', `/v1/users/${user}/channel_data/${emailChannel.id}`)
      await ok('PUT', `/v1/tenants/${id}`, { name: 'Acme' })
      assert.ok(ids(await ok('GET', '/v1/tenants/')).includes(id), 'a slash at the end')
      const gone = await ok('POST', `/v1/tenants/bulk/delete?tenant_ids[]=${id}`)
      await world.done(gone as { id: string })
      assert.equal(await world.status(`/v1/tenants/${id}`), 404)
    })

    test('errors: JSON by its plain name, with a code and a message in words', async () => {
      const missing = await ask('GET', `/v1/users/${world.fresh()}`)
      const refused = await ask('POST', '/v1/workflows/invite/trigger', { recipients: 'ada' })
      const unserved = await ask('GET', '/v1/audiences/vips/members')
      for (const [answer, status, code] of [
        [missing, 404, 'resource_missing'],
        [refused, 422, 'invalid_params'],
        [unserved, 404, 'not_implemented'],
      ] as const) {
        const { code: told, message, errors } = answer.body as Json
        assert.deepEqual([answer.status, answer.type, told], [status, 'application/json', code])
        assert.equal(typeof message, 'string')
        assert.ok(Array.isArray(errors))
      }
    })
  })
}

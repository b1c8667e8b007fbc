import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FieldError } from '../../api/http/errors.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
})
after(() => api.close())

const fields = (body: unknown) => (body as { errors: FieldError[] }).errors.map(({ field, type }) => `${field} ${type}`)

test('a user is identified by a PUT, flat, with properties of their own, and read back the same', async () => {
  const body = { name: 'Ada', email: 'ada@example.com', plan: { seats: 2 }, created_at: '2020-01-01T00:00:00Z' }
  const put = await api.call('PUT', '/v1/users/ada', { body })
  const { updated_at, ...user } = put.body as Record<string, unknown>
  assert.deepEqual(user, {
    __typename: 'User',
    id: 'ada',
    name: 'Ada',
    email: 'ada@example.com',
    phone_number: null,
    avatar: null,
    timezone: null,
    plan: { seats: 2 },
    created_at: '2020-01-01T00:00:00Z',
  })
  assert.match(updated_at as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/)
  assert.deepEqual((await api.call('GET', '/v1/users/ada')).body, put.body)
})

test('a second PUT is laid over the first, and null clears', async () => {
  await api.call('PUT', '/v1/users/merge', {
    body: { name: 'Ada', email: 'a@example.com', plan: { seats: 2, tier: 1 } },
  })
  const answer = await api.call('PUT', '/v1/users/merge', { body: { email: null, plan: { seats: 3 } } })
  const { name, email, plan } = answer.body as Record<string, unknown>
  assert.deepEqual({ name, email, plan }, { name: 'Ada', email: null, plan: { seats: 3 } })
})

test('a PUT without a body, or with an empty one of JSON, creates a user without properties', async () => {
  assert.equal((await api.call('PUT', '/v1/users/bare')).status, 200)
  const empty = { headers: { 'content-type': 'application/json' }, body: '' }
  assert.equal((await api.call('PUT', '/v1/users/bare', empty)).status, 200)
  assert.equal((await api.call('GET', '/v1/users/bare')).status, 200)
})

test('what a body says of its own id or type is not a property', async () => {
  const body = { id: 'other', __typename: 'Robot', updated_at: 'never', name: 'Ada' }
  const user = (await api.call('PUT', '/v1/users/own', { body })).body as Record<string, unknown>
  assert.equal(user['id'], 'own')
  assert.equal(user['__typename'], 'User')
  assert.notEqual(user['updated_at'], 'never')
})

test('a user never seen is missing', async () => {
  const answer = await api.call('GET', '/v1/users/nobody')
  assert.equal(answer.status, 404)
  assert.equal((answer.body as { code: string }).code, 'resource_missing')
})

test('an id that is too long or holds / or # is refused by name', async () => {
  for (const id of ['a%2Fb', 'a%23b', 'x'.repeat(257)]) {
    const answer = await api.call('PUT', `/v1/users/${id}`, { body: {} })
    assert.equal(answer.status, 422)
    assert.match(fields(answer.body)[0]!, /^id (format|length)$/)
  }
  assert.equal((await api.call('PUT', `/v1/users/${'x'.repeat(256)}`, { body: {} })).status, 200)
  assert.equal((await api.call('PUT', '/v1/users/%E2%9C%93%20%25', { body: {} })).status, 200)
})

test('a known property must be a text, and what is not supported is refused rather than dropped', async () => {
  const answer = await api.call('PUT', '/v1/users/typed', { body: { name: 1, preferences: 5 } })
  assert.equal(answer.status, 422)
  assert.deepEqual(fields(answer.body).sort(), ['name cast', 'preferences cast'])
})

test('a preference set without an id around it is refused by name, and not stored as an empty one', async () => {
  const put = async (preferences: object) => {
    const { status, body } = await api.call('PUT', '/v1/users/bare', { body: { preferences } })
    return status === 200 ? [] : fields(body)
  }
  assert.deepEqual(await put({ channel_types: { email: false } }), ['preferences.channel_types invalid'])
  assert.deepEqual(await put({ workflows: {}, default: {} }), ['preferences.workflows invalid'])
  // As a tenant may be named.
  assert.deepEqual(await put({ workflows: { channel_types: { email: false } } }), [])
})

test('a tenant written as an object keeps of its preference set all that can be used', async () => {
  const unusable = { conditions: [{ variable: 'data.a', operator: 'equal_to', argument: '{{ data.a' }] }
  const settings = { preference_set: { workflows: { kept: false, odd: unusable }, channel_types: { email: false } } }
  assert.equal((await api.call('PUT', '/v1/objects/$tenants/as-object', { body: { settings } })).status, 200)
  const { body } = await api.call('GET', '/v1/tenants/as-object')
  const { preference_set: stored } = (body as { settings: { preference_set: Record<string, unknown> } }).settings
  assert.deepEqual(stored['workflows'], { kept: false, odd: unusable })
  assert.deepEqual(stored['channel_types'], { email: false })
})

test('more than 256 kB of properties are refused, given at once or bit by bit', async () => {
  const body = { one: 'x'.repeat(300_000) }
  assert.equal((await api.call('PUT', '/v1/users/large', { body })).status, 422)
  assert.equal((await api.call('PUT', '/v1/users/large', { body: { one: 'x'.repeat(200_000) } })).status, 200)
  const more = await api.call('PUT', '/v1/users/large', { body: { two: 'x'.repeat(200_000) } })
  assert.equal(more.status, 422)
  assert.deepEqual(fields(more.body), ['properties length'])
  const kept = (await api.call('GET', '/v1/users/large')).body as Record<string, unknown>
  assert.equal(kept['two'], undefined)
})

test('a timezone, an email or a phone number that is none is refused where it is given, and blanks around one are not kept', async () => {
  const faulty = [
    ...['UTC+2', '', ' ', 'Pacific Time (US & Canada)', '+02:00', 'Mars/Olympus', 'BST', 'pst'].map((timezone) => ({
      timezone,
    })),
    ...['t.example', '', 'a@b@c.example', 'Ada <ada@x.example>', 'a b@x.example'].map((email) => ({ email })),
    ...['', '0171 234567', '+49', 'call me', '+1 (415) 555-2671 ext. 3'].map((phone_number) => ({ phone_number })),
  ]
  for (const properties of faulty) {
    const [name] = Object.keys(properties)
    const put = await api.call('PUT', '/v1/users/zone', { body: properties })
    assert.deepEqual(assertRefused(put, 422, 'invalid_params'), [`${name} format`], JSON.stringify(properties))
    const body = { recipients: [{ id: 'zone', ...properties }], actor: { id: 'zone', ...properties } }
    const inline = assertRefused(await api.call('POST', '/v1/workflows/any/trigger', { body }), 422, 'invalid_params')
    assert.deepEqual(inline, [`recipients[0].${name} format`, `actor.${name} format`])
  }
  const body = { timezone: ' Europe/Berlin ', email: 't@x.example ', phone_number: ' +1 (415) 555-2671' }
  const kept = (await api.call('PUT', '/v1/users/zone', { body })).body as Record<string, unknown>
  assert.deepEqual(
    [kept['timezone'], kept['email'], kept['phone_number']],
    ['Europe/Berlin', 't@x.example', '+1 (415) 555-2671'],
  )
  const cleared = (await api.call('PUT', '/v1/users/zone', { body: { timezone: null, email: null } })).body
  assert.deepEqual([(cleared as typeof kept)['timezone'], (cleared as typeof kept)['email']], [null, null])
})

test('somebody known only by id has a feed and no profile', async () => {
  assert.equal((await api.call('GET', '/v1/users/only-an-id')).status, 404)
  assert.equal((await api.call('GET', '/v1/users/only-an-id/messages')).status, 200)
})

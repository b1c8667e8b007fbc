import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
})
after(() => api.close())

const set = (id: string, set: string, body: object) =>
  api.call('PUT', `/v1/users/${id}/preferences/${set}`, { body: { __persistence_strategy__: 'merge', ...body } })
/** Some 250 kB. */
const large = (n: number) => ({
  workflows: Object.fromEntries(Array.from({ length: 990 }, (_, i) => [`${n}-${i}-${'x'.repeat(240)}`, false])),
})
const refused = (answer: Parameters<typeof assertRefused>[0]) =>
  assert.equal(assertRefused(answer, 422, 'invalid_params')[0], 'preferences length')

test('a set that is merged into, and all sets of one recipient together, are bounded in bytes', async () => {
  for (let n = 0; n < 3; n += 1) assert.equal((await set('ada', 'default', large(n))).status, 200)
  assert.equal((await set('ada', 'acme', large(3))).status, 200)
  refused(await set('ada', 'default', large(4)))
  refused(await set('ada', 'globex', large(4)))
  const { body } = await api.call('GET', '/v1/users/ada/preferences')
  assert.deepEqual(
    (body as { id: string }[]).map(({ id }) => id),
    ['acme', 'default'],
  )
  assert.equal((await set('grace', 'default', large(4))).status, 200)
})

test('one recipient has at most 1,000 sets, however they come', async () => {
  const sets = (from: number, count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`tenant-${from + n}`, { channel_types: { sms: false } }]),
    )
  for (let from = 0; from < 1_000; from += 100) {
    assert.equal((await api.call('PUT', '/v1/users/alan', { body: { preferences: sets(from, 100) } })).status, 200)
  }
  refused(await api.call('PUT', '/v1/users/alan', { body: { name: 'Alan', preferences: sets(1_000, 1) } }))
  assert.equal((await set('alan', 'tenant-7', { channel_types: { push: false } })).status, 200)
  await api.call('PUT', '/v1/users/other', { body: { preferences: sets(1_000, 1) } })
  refused(await api.call('POST', '/v1/users/alan/merge', { body: { from_user_id: 'other' } }))
})

test('nothing in a set is named by dots alone, which a path would lose', async () => {
  for (const name of ['.', '..']) {
    for (const part of ['workflows', 'categories']) {
      assert.equal((await set('bob', 'default', { [part]: { [name]: false } })).status, 422)
      const path = `/v1/users/bob/preferences/default/${part}`
      assert.equal((await api.call('PUT', path, { body: { [name]: true } })).status, 422)
    }
  }
})

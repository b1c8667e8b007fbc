import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loadChannelData } from '../../store/profiles/channel-data.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(testVersion('invite', ['feed']))

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const PUSH = '6b3cf5a0-1f0e-4a3b-9a52-0b1f7a8d2c11'
const CHAT = '0f7f4a0d-7c11-4d52-8a43-9c1d2f0a5d6e'

test('channel data of a user is put, read back, replaced and removed', async () => {
  const path = `/v1/users/ada/channel_data/${PUSH}`
  assert.equal((await api.call('GET', path)).status, 404)
  const put = await api.call('PUT', path, { body: { data: { tokens: ['one', 'two'] } } })
  assert.deepEqual(
    [put.status, put.body],
    [200, answer(PUSH, { tokens: ['one', 'two'], devices: [{ token: 'one' }, { token: 'two' }] })],
  )
  const devices = [{ token: 'two', locale: 'de' }]
  await api.call('PUT', path, { body: { data: { devices } } })
  assert.deepEqual((await api.call('GET', path)).body, answer(PUSH, { devices, tokens: ['two'] }))
  assert.equal((await api.call('DELETE', path)).status, 204)
  assert.equal((await api.call('DELETE', path)).status, 404)
})

test('objects have channel data of their own, beside a user of the same id', async () => {
  const connections = [{ access_token: 'xoxb', channel_id: 'C1' }]
  const path = `/v1/objects/teams/red/channel_data/${CHAT}`
  assert.equal((await api.call('PUT', path, { body: { data: { connections } } })).status, 200)
  assert.deepEqual((await api.call('GET', path)).body, answer(CHAT, { connections }))
  assert.equal((await api.call('GET', `/v1/users/red/channel_data/${CHAT}`)).status, 404)
})

test('identify and trigger take channel data inline, keep it apart from properties, and a deleted user’s is forgotten', async () => {
  const channel_data = { [PUSH.toUpperCase()]: { tokens: ['inline'] } }
  const user = (await api.call('PUT', '/v1/users/grace', { body: { name: 'Grace', channel_data } })).body as object
  assert.ok(!('channel_data' in user))
  const data = { [CHAT]: { connections: [{ incoming_webhook: { url: 'https://chat.example/x' } }] } }
  const recipients = [
    { id: 'grace', channel_data: data },
    { id: 'blue', collection: 'teams', channel_data },
  ]
  const trigger = await api.call('POST', '/v1/workflows/invite/trigger', { body: { recipients } })
  assert.equal(trigger.status, 200, JSON.stringify(trigger.body))
  const dataOf = await loadChannelData(api.deps.store.db, ['grace', 'teams#blue'], [PUSH, CHAT])
  assert.deepEqual(dataOf('grace', PUSH), { tokens: ['inline'] })
  assert.deepEqual(dataOf('grace', CHAT), data[CHAT])
  assert.deepEqual(dataOf('teams#blue', PUSH), { tokens: ['inline'] })
  assert.equal(dataOf('teams#blue', CHAT), undefined)
  await api.call('DELETE', '/v1/users/grace')
  assert.equal((await api.call('GET', `/v1/users/grace/channel_data/${PUSH}`)).status, 404)
})

function answer(channel_id: string, data: object) {
  return { __typename: 'ChannelData', channel_id, data }
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { settleMerges } from '../../engine/merge-users.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { recordMoved } from '../../store/profiles/merged-users.ts'
import { moveMerged } from '../../store/recipient-runs/move-merged.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { accept, messageNow, rowNow, walk } from '../../testing/fixtures/recipient-runs.ts'
import { emailChannel, feedChannel } from '../../testing/fixtures/seed.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'

type Json = Record<string, unknown>
const invite = testVersion('invite', ['feed', 'wait', 'mail'])
let api: ApiServer
before(async () => {
  api = await startApi(catalogOf(invite))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
})
after(() => api.close())

let names = 0
const fresh = (name: string) => `${name}-${(names += 1)}`
const ok = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<Json> => {
  const answer = await api.call(method, path, body === undefined ? {} : { body })
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body as Json
}
const merge = (into: string, from: string) => ok('POST', `/v1/users/${into}/merge`, { from_user_id: from })
const cancel = (key: string, recipients?: string[]) =>
  ok('POST', '/v1/workflows/invite/cancel', { cancelation_key: key, recipients }) as unknown as Promise<Verdict>
const outcomes = ({ recipients }: Verdict) => recipients.map(({ id, outcome }) => [id, outcome])
const feedOf = async (user: string) =>
  ((await ok('GET', `/v1/users/${user}/feeds/${feedChannel.id}`))['entries'] as { id: string }[]).map(({ id }) => id)

test('a user who is merged gives what they have, and what the other has goes before', async () => {
  const [guest, ada] = [fresh('guest'), fresh('ada')]
  await ok('PUT', `/v1/users/${guest}`, { name: 'Guest', plan: 'pro', place: { city: 'Bonn', zip: '53111' } })
  await ok('PUT', `/v1/users/${ada}`, { name: 'Ada', place: { city: 'Köln' } })
  await ok('PUT', `/v1/users/${guest}/preferences/default`, { channel_types: { email: false } })
  await ok('PUT', `/v1/users/${guest}/preferences/acme`, { channel_types: { sms: false } })
  await ok('PUT', `/v1/users/${ada}/preferences/default`, { channel_types: { push: false } })
  await ok('PUT', `/v1/users/${guest}/channel_data/${emailChannel.id}`, { data: { tokens: ['t1'] } })
  await ok('POST', '/v1/objects/teams/red/subscriptions', { recipients: [guest, ada], properties: { role: 'first' } })
  await ok('POST', '/v1/objects/teams/blue/subscriptions', { recipients: [guest] })
  const daily = { workflow: 'invite', recipients: [guest], repeats: [{ frequency: 'daily', hours: 8 }] }
  await ok('POST', '/v1/schedules', daily)

  const merged = await merge(ada, guest)
  assert.deepEqual([merged['id'], merged['name'], merged['plan']], [ada, 'Ada', 'pro'])
  assert.deepEqual(merged['place'], { city: 'Köln', zip: '53111' })
  const sets = (await ok('GET', `/v1/users/${ada}/preferences`)) as unknown as { id: string; channel_types: Json }[]
  assert.deepEqual(
    sets.map(({ id, channel_types }) => [id, channel_types]),
    [
      ['acme', { sms: false }],
      ['default', { push: false }],
    ],
  )
  const data = await ok('GET', `/v1/users/${ada}/channel_data/${emailChannel.id}`)
  assert.ok(JSON.stringify(data).includes('t1'))
  const subscriptions = (await ok('GET', `/v1/users/${ada}/subscriptions`))['entries'] as { object: { id: string } }[]
  assert.deepEqual(subscriptions.map(({ object }) => object.id).sort(), ['blue', 'red'])
  assert.equal(((await ok('GET', `/v1/users/${ada}/schedules`))['entries'] as unknown[]).length, 1)

  assert.equal((await api.call('GET', `/v1/users/${guest}`)).status, 404)
  const listed = (await ok('GET', '/v1/users?page_size=50'))['entries'] as { id: string }[]
  assert.ok(listed.every(({ id }) => id !== guest))
  assert.deepEqual(await merge(ada, guest), await ok('GET', `/v1/users/${ada}`), 'done again it changes nothing')
})

test('what was sent and what is pending moves along, and a cancel for the old id says what it did', async () => {
  const { db } = api.deps.store
  const [guest, ada, key] = [fresh('guest'), fresh('ada'), fresh('key')]
  const { rows } = await accept(db, invite, key, [guest, 'bystander'])
  for (const row of rows) await walk(db, invite, row)
  const [seen] = await feedOf(guest)
  await merge(ada, guest)

  assert.deepEqual(await feedOf(ada), [seen])
  assert.deepEqual(await feedOf(guest), [seen], 'a secret key finds it by the old id, too')
  const listed = (await ok('GET', `/v1/users/${ada}/messages`))['items'] as { id: string; recipient: string }[]
  assert.deepEqual(
    listed.map(({ id, recipient }) => [id, recipient]),
    [[seen, ada]],
  )
  const verdict = await cancel(key, [guest])
  assert.deepEqual(outcomes(verdict), [[ada, 'canceled']])
  assert.deepEqual(outcomes(await cancel(key, [ada, guest])), [[ada, 'already_canceled']])
  assert.deepEqual(outcomes(await cancel(key, ['bystander'])), [['bystander', 'canceled']])
})

test('a trigger for the old id reaches the other user, once, and stores what it says of them there', async () => {
  const [guest, ada, key] = [fresh('guest'), fresh('ada'), fresh('key')]
  await ok('PUT', `/v1/users/${guest}`, { name: 'Guest' })
  await merge(ada, guest)
  await ok('POST', '/v1/workflows/invite/trigger', {
    recipients: [ada, { id: guest, plan: 'pro' }],
    actor: guest,
    cancelation_key: key,
  })
  assert.equal((await ok('GET', `/v1/users/${ada}`))['plan'], 'pro')
  assert.deepEqual(outcomes(await cancel(key)), [[ada, 'canceled']])
  // Nothing described, so that it may be written in one statement.
  await ok('POST', '/v1/workflows/invite/trigger', { recipients: [guest], cancelation_key: `${key}b` })
  assert.deepEqual(outcomes(await cancel(`${key}b`, [guest])), [[ada, 'canceled']])
  await ok('POST', '/v1/objects/teams/green/subscriptions', { recipients: [guest] })
  const subscriptions = (await ok('GET', `/v1/users/${ada}/subscriptions`))['entries'] as unknown[]
  assert.equal(subscriptions.length, 1)
  await ok('DELETE', '/v1/objects/teams/green/subscriptions', { recipients: [guest] })
  assert.equal(((await ok('GET', `/v1/users/${ada}/subscriptions`))['entries'] as unknown[]).length, 0)
  await ok('PUT', `/v1/users/${guest}/preferences/default`, { channel_types: { email: false } })
  const { channel_types } = await ok('GET', `/v1/users/${ada}/preferences/default`)
  assert.deepEqual(channel_types, { email: false })
})

test('what is written under the old id while they are merged is canceled by either id, and moved by housekeeping', async () => {
  const { db } = api.deps.store
  const [guest, ada, key] = [fresh('guest'), fresh('ada'), fresh('key')]
  await ok('PUT', `/v1/users/${guest}`, { name: 'Guest', email: 'guest@example.com' })
  await merge(ada, guest)
  const late = await accept(db, invite, key, [guest])
  const second = await accept(db, invite, key, [guest])
  assert.deepEqual(outcomes(await cancel(key, [ada])), [[ada, 'canceled']])
  await walk(db, invite, (await accept(db, invite, `${key}b`, [guest])).rows[0]!)
  assert.deepEqual(await feedOf(ada), [])
  await settleMerges(api.deps)
  assert.equal((await feedOf(ada)).length, 1)
  assert.deepEqual(
    [(await rowNow(db, late.rows[0]!)).recipient, (await rowNow(db, second.rows[0]!)).recipient],
    [ada, ada],
  )
  const user = await ok('POST', `/v1/users/${guest}/cancel`, {})
  assert.deepEqual([user['user'], user['status']], [ada, 'applied'])
})

test('what is written of the old id within a minute goes to the other user, and later is the old id’s own', async () => {
  const [guest, ada] = [fresh('guest'), fresh('ada')]
  for (const id of [guest, ada]) await ok('PUT', `/v1/users/${id}`, { name: id })
  await merge(ada, guest)
  // As a page of the old id does: with a public key.
  const write = (plan: string) =>
    api.call('PUT', `/v1/users/${guest}`, { key: 'pk_test_12345678', body: { name: 'Late', plan } })
  assert.equal((await write('pro')).status, 200)
  await settleMerges(api.deps)
  assert.equal((await api.call('GET', `/v1/users/${guest}`)).status, 404)
  const { name, plan } = await ok('GET', `/v1/users/${ada}`)
  assert.deepEqual([name, plan], [ada, 'pro'], 'what the other user has goes before')
  api.clock.now += 61_000
  await write('free')
  await settleMerges(api.deps)
  assert.equal((await ok('GET', `/v1/users/${guest}`))['plan'], 'free')
  assert.equal((await ok('GET', `/v1/users/${ada}`))['plan'], 'pro')
})

test('who is merged again takes along who was merged into them', async () => {
  const { db } = api.deps.store
  const [first, second, third] = [fresh('first'), fresh('second'), fresh('third')]
  for (const id of [first, second, third]) await ok('PUT', `/v1/users/${id}`, { name: id })
  const { rows } = await accept(db, invite, first, [first])
  await walk(db, invite, rows[0]!)
  await merge(second, first)
  await merge(third, second)
  assert.equal((await rowNow(db, rows[0]!)).recipient, third)
  assert.equal((await messageNow(db, rows[0]!, 0)).recipient, third)
  assert.deepEqual(outcomes(await cancel(first, [first])), [[third, 'canceled']])
  const elsewhere = await api.call('POST', '/v1/users/somebody-else/merge', { body: { from_user_id: first } })
  assert.deepEqual([elsewhere.status, (elsewhere.body as { code: string }).code], [422, 'invalid_params'])
})

test('nobody is merged into themselves, and somebody of whom nothing is known into nobody', async () => {
  const ada = fresh('ada')
  await ok('PUT', `/v1/users/${ada}`, { name: 'Ada' })
  const refused = async (from: string) => {
    const { status, body } = await api.call('POST', `/v1/users/${ada}/merge`, { body: { from_user_id: from } })
    return [status, (body as { code: string }).code]
  }
  assert.deepEqual(await refused(ada), [422, 'invalid_params'])
  assert.deepEqual(await refused(fresh('nobody')), [404, 'resource_missing'])
})

test('a merged id that is deleted, or whose user is, is free again', async () => {
  const [guest, other, ada, key] = [fresh('guest'), fresh('other'), fresh('ada'), fresh('key')]
  for (const id of [guest, other]) await ok('PUT', `/v1/users/${id}`, { name: id })
  await merge(ada, guest)
  await merge(ada, other)
  await ok('POST', '/v1/workflows/invite/trigger', { recipients: [ada], cancelation_key: key })
  await ok('DELETE', `/v1/users/${guest}`)
  assert.deepEqual(outcomes(await cancel(key, [guest])), [[guest, 'not_found']])
  assert.deepEqual(outcomes(await cancel(key, [ada])), [[ada, 'canceled']], 'nothing of the other user was canceled')
  await ok('DELETE', `/v1/users/${ada}`)
  await ok('PUT', `/v1/users/${other}`, { name: 'new' })
  assert.equal((await ok('GET', `/v1/users/${other}`))['name'], 'new')
})

test('what was begun for a merge that was taken back moves nothing of whoever has the id by now, nor ends their own merge', async () => {
  const { db } = api.deps.store
  const [guest, ada, eve] = [fresh('guest'), fresh('ada'), fresh('eve')]
  for (const id of [guest, ada, eve]) await ok('PUT', `/v1/users/${id}`, { name: id })
  await merge(ada, guest)
  const begun = api.clock.now
  await ok('DELETE', `/v1/users/${guest}`)
  await ok('PUT', `/v1/users/${guest}`, { name: 'Another guest' })
  const { rows } = await accept(db, invite, fresh('key'), [guest])
  await walk(db, invite, rows[0]!)
  assert.equal(await moveMerged(db, guest, 500), false)
  assert.equal((await rowNow(db, rows[0]!)).recipient, guest)
  assert.equal((await feedOf(guest)).length, 1)

  api.clock.now += 10 * 60_000
  await merge(eve, guest)
  await recordMoved(db, guest, { mergedBefore: begun + 1, now: api.clock.now })
  const late = await accept(db, invite, fresh('key'), [guest])
  await settleMerges(api.deps)
  assert.equal((await rowNow(db, late.rows[0]!)).recipient, eve)
})

test('a token or a public key of the old id does not come by what is the other user’s', async () => {
  const [guest, ada] = [fresh('guest'), fresh('ada')]
  await ok('PUT', `/v1/users/${guest}`, { name: 'Guest' })
  await ok('PUT', `/v1/users/${ada}`, { email: 'ada@example.com' })
  await merge(ada, guest)
  const asPublic = await api.call('GET', `/v1/users/${guest}/preferences`, { key: 'pk_test_12345678' })
  assert.deepEqual([asPublic.status, asPublic.body], [200, []])
})

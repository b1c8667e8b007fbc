import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { transaction, type Store } from '../../store/postgres/database.ts'
import { upsertObjects } from '../../store/profiles/objects.ts'
import { ProfileTooLargeError } from '../../store/profiles/too-large.ts'
import { loadRecipients } from '../../store/profiles/recipients.ts'
import { tenants } from '../../store/schema/index.ts'
import { upsertTenants } from '../../store/profiles/tenants.ts'
import { findUser, upsertUsers } from '../../store/profiles/users.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

let store: Store
before(async () => {
  store = await testPglite()
  await store.migrate()
})
after(() => store.close())

const properties = async (id: string) => (await findUser(store.db, id))?.properties

test('an upsert lays properties over those stored, at the top level only', async () => {
  await upsertUsers(store.db, [{ id: 'merge', properties: { name: 'Ada', plan: { seats: 1, free: true } } }])
  await upsertUsers(store.db, [{ id: 'merge', properties: { email: 'ada@example.com', plan: { seats: 2 } } }])
  assert.deepEqual(await properties('merge'), { name: 'Ada', email: 'ada@example.com', plan: { seats: 2 } })
})

test('null clears a property, stored or not, and nothing inside a value', async () => {
  await upsertUsers(store.db, [{ id: 'null', properties: { name: null, plan: { seats: null } } }])
  assert.deepEqual(await properties('null'), { plan: { seats: null } })
  await upsertUsers(store.db, [{ id: 'null', properties: { name: 'Ada', plan: null } }])
  assert.deepEqual(await properties('null'), { name: 'Ada' })
})

test('of several entries with one id the last wins, property by property', async () => {
  await upsertUsers(store.db, [
    { id: 'twice', properties: { name: 'first', phone_number: '1' } },
    { id: 'other', properties: {} },
    { id: 'twice', properties: { name: 'second', phone_number: null } },
  ])
  assert.deepEqual(await properties('twice'), { name: 'second' })
})

test('an upsert that changes nothing leaves updated_at as it was', async () => {
  await upsertUsers(store.db, [{ id: 'same', properties: { name: 'Ada' } }])
  const first = await findUser(store.db, 'same')
  await upsertUsers(store.db, [{ id: 'same', properties: { name: 'Ada', email: null } }])
  assert.deepEqual(await findUser(store.db, 'same'), first)
})

test('properties that would grow too large by merging are refused, and nothing is kept', async () => {
  const large = 'x'.repeat(200_000)
  await upsertUsers(store.db, [{ id: 'large', properties: { one: large } }])
  const grow = transaction(store.db, (tx) => upsertUsers(tx, [{ id: 'large', properties: { two: large } }]))
  await assert.rejects(grow, (error) => error instanceof ProfileTooLargeError && error.ids.join() === 'large')
  assert.deepEqual(await properties('large'), { one: large })
})

test('users and objects are loaded by recipient key; strangers are absent', async () => {
  await upsertUsers(store.db, [{ id: 'ada', properties: { name: 'Ada' } }])
  await upsertObjects(store.db, [
    { collection: 'teams', id: 'a#b', properties: { name: 'Team' } },
    { collection: 'teams', id: 'ada', properties: { name: 'Not Ada' } },
    { collection: 'teams', id: 'a#b', properties: { size: 2 } },
  ])
  const found = await loadRecipients(store.db, ['ada', 'teams#a#b', 'nobody', 'rooms#ada'])
  assert.deepEqual(Object.fromEntries(found), { ada: { name: 'Ada' }, 'teams#a#b': { name: 'Team', size: 2 } })
  assert.equal((await loadRecipients(store.db, [])).size, 0)
})

test('tenants are upserted as users are', async () => {
  await upsertTenants(store.db, [{ id: 'acme', properties: { name: 'Acme', logo: 'x' } }])
  await upsertTenants(store.db, [{ id: 'acme', properties: { logo: null } }])
  const rows = await store.db.select().from(tenants)
  assert.deepEqual(rows[0]?.properties, { name: 'Acme' })
})

test('ten thousand users are written in one statement', async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ id: `many-${i}`, properties: { name: `User ${i}` } }))
  await upsertUsers(store.db, many)
  const renamed = many.map(({ id }, i) => ({ id, properties: { name: null, email: `${i}@example.com` } }))
  await upsertUsers(store.db, renamed)
  const found = await loadRecipients(
    store.db,
    many.map(({ id }) => id),
  )
  assert.equal(found.size, 10_000)
  assert.deepEqual(found.get('many-9999'), { email: '9999@example.com' })
})

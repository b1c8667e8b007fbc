import Knock, { NotFoundError } from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { carryOnBulk } from '../../engine/bulk-operations.ts'
import { startApi, SECRET_KEY, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

let api: ApiServer
let knock: Knock
before(async () => {
  api = await startApi(catalog)
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: api.url })
})
after(() => api.close())

/** Carried out as the workflow does it, chunk by chunk. */
async function completed(begun: { id: string }) {
  while (!(await carryOnBulk(api.deps, begun.id)));
  const operation = await knock.bulkOperations.get(begun.id)
  assert.equal(operation.status, 'completed')
  return [operation.processed_rows, operation.success_count, operation.error_count]
}

test('users are identified, given preferences and deleted in bulk, with progress to be read', async () => {
  const users = Array.from({ length: 120 }, (_, i) => ({ id: `u${i}`, name: `User ${i}` }))
  const begun = await knock.users.bulk.identify({ users })
  assert.deepEqual([begun.status, begun.estimated_total_rows], ['queued', 120])
  assert.equal(await carryOnBulk(api.deps, begun.id), false)
  assert.equal((await knock.bulkOperations.get(begun.id)).processed_rows, 50)
  assert.deepEqual(await completed(begun), [120, 120, 0])
  assert.equal((await knock.users.get('u119')).name, 'User 119')
  const user_ids = ['u1', 'u2']
  await completed(await knock.users.bulk.setPreferences({ user_ids, preferences: { channel_types: { email: false } } }))
  assert.deepEqual((await knock.users.getPreferences('u2', 'default')).channel_types, { email: false })
  assert.deepEqual(await completed(await knock.users.bulk.delete({ user_ids })), [2, 2, 0])
  await assert.rejects(knock.users.get('u1'), NotFoundError)
})

test('an item that grows too large is counted as an error, and takes nobody with it', async () => {
  const half = 'x'.repeat(140_000)
  await knock.users.update('large', { a: half })
  const begun = await knock.users.bulk.identify({ users: [{ id: 'small' }, { id: 'large', b: half }] })
  assert.deepEqual(await completed(begun), [2, 1, 1])
  const { error_items: failed } = await knock.bulkOperations.get(begun.id)
  assert.deepEqual(failed, [{ id: 'large', collection: null }])
  assert.equal((await knock.users.get('small')).id, 'small')
})

test('objects, subscriptions and tenants are set and deleted in bulk', async () => {
  await completed(await knock.objects.bulk.set('teams', { objects: [{ id: 'a', name: 'A' }, { id: 'b' }] }))
  assert.deepEqual((await knock.objects.get('teams', 'a')).properties, { name: 'A' })
  const subscriptions = [{ id: 'a', recipients: ['ada', 'bob'] }]
  await completed(await knock.objects.bulk.addSubscriptions('teams', { subscriptions }))
  assert.equal((await knock.objects.listSubscriptions('teams', 'a')).entries.length, 2)
  await completed(await knock.objects.bulk.deleteSubscriptions('teams', { subscriptions }))
  assert.equal((await knock.objects.listSubscriptions('teams', 'a')).entries.length, 0)
  await completed(await knock.objects.bulk.delete('teams', { object_ids: ['a', 'b'] }))
  await assert.rejects(knock.objects.get('teams', 'b'), NotFoundError)
  await completed(await knock.tenants.bulk.set({ tenants: ['t1', { id: 't2', name: 'Two' }] }))
  assert.equal((await knock.tenants.get('t2')).name, 'Two')
  await completed(await knock.tenants.bulk.delete({ tenant_ids: ['t1', 't2'] }))
  await assert.rejects(knock.tenants.get('t1'), NotFoundError)
})

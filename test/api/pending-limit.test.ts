import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { query, type Database } from '../../store/postgres/database.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'

const catalog = catalogOf(testVersion('patient', ['wait', 'feed']))
let api: ApiServer
let db: Database
before(async () => {
  api = await startApi(catalog)
  db = api.deps.store.db
  await publishCatalog(db, catalog)
})
after(() => api.close())

const trigger = (cancelation_key: string, recipients: string[], settings = {}) =>
  api.call('POST', '/v1/workflows/patient/trigger', { body: { recipients, cancelation_key, settings } })
const cancel = (cancelation_key: string) =>
  api.call('POST', '/v1/workflows/patient/cancel', { body: { cancelation_key } })
const recipientsOf = async (key: string) =>
  (await query<{ n: number }>(db, sql`select recipients as n from runs where cancelation_key = ${key}`))[0]!.n
/** A key as if so many had been accepted under it. */
const asIf = (key: string, recipients: number) =>
  db.execute(sql`update runs set recipients = ${recipients} where cancelation_key = ${key}`)

test('a key knows how many were accepted since it last had nothing pending', async () => {
  await trigger('counted', ['ada', 'bob'])
  assert.equal(await recipientsOf('counted'), 2)
  await trigger('counted', ['carl'])
  assert.equal(await recipientsOf('counted'), 3, 'it joined')
  await cancel('counted')
  await trigger('counted', ['ada'])
  assert.equal(await recipientsOf('counted'), 1, 'nobody was pending')
})

test('whoever is not pending any more is not counted against a key that seems full', async () => {
  await trigger('used', ['ada', 'bob'])
  await asIf('used', 1_000_000)
  assert.equal((await trigger('used', ['carl'])).status, 200)
  assert.equal(await recipientsOf('used'), 3, 'they were counted')
})

test('a key with room for these is not counted', async () => {
  await trigger('room', ['ada'])
  await asIf('room', 999_998)
  assert.equal((await trigger('room', ['bob', 'carl'])).status, 200)
  assert.equal(await recipientsOf('room'), 1_000_000)
})

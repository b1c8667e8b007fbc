import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { query } from '../../store/postgres/database.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(testVersion('remind', ['wait', 'feed']))
let api: ApiServer
before(async () => {
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const post = (path: string, body: object) => api.call('POST', path, { body })

/** Everything that a cancel or a move writes. */
async function written() {
  const { db } = api.deps.store
  const tables = ['runs', 'triggers', 'recipient_runs', 'messages', 'pending_signals', 'idempotency_keys', 'cancels']
  const rows = tables.map((table) => query(db, sql`select * from ${sql.identifier(table)} t order by t::text`))
  return Promise.all(rows)
}

const calls: [path: (key: string, id: string) => string, body: (key: string) => object][] = [
  [() => '/v1/workflows/remind/cancel', (cancelation_key) => ({ cancelation_key })],
  [() => '/v1/notify/cancel', (cancelation_key) => ({ name: 'remind', cancelation_key })],
  [(_, id) => `/v1/workflow_runs/${id}/cancel`, () => ({})],
  [(key) => `/v1/users/${key}/cancel`, () => ({})],
  [() => '/v1/workflows/remind/bulk_cancel', (key) => ({ cancelation_keys: [key] })],
  [
    () => '/v1/workflows/remind/reschedule',
    (cancelation_key) => ({ cancelation_key, delay_for: { unit: 'days', value: 9 } }),
  ],
  [() => '/v1/workflows/remind/send_now', (cancelation_key) => ({ cancelation_key })],
]

calls.forEach(([pathOf, bodyOf], index) => {
  const key = `key-${index}`
  test(`dry_run of ${pathOf(':id', ':id')} answers as the call itself would, and writes nothing`, async () => {
    const trigger = { recipients: [key, 'bob'], cancelation_key: key }
    const { body } = await post('/v1/workflows/remind/trigger', trigger)
    const path = pathOf(key, (body as TriggerAnswer).workflow_run_id)
    const before = await written()
    const dry = await post(path, { ...bodyOf(key), dry_run: true })
    assert.equal(dry.status, 200, JSON.stringify(dry.body))
    assert.equal((dry.body as { dry_run?: unknown }).dry_run, true)
    assert.deepEqual(await written(), before)
    const real = await post(path, bodyOf(key))
    assert.equal(real.status, 200, JSON.stringify(real.body))
    assert.deepEqual(withoutMarks(dry.body), withoutMarks(real.body))
    assert.notDeepEqual(await written(), before)
  })
})

test('dry_run: false is the call itself', async () => {
  await post('/v1/workflows/remind/trigger', { recipients: ['ada'], cancelation_key: 'real' })
  const answer = await post('/v1/workflows/remind/cancel', { cancelation_key: 'real', dry_run: false })
  assert.equal((answer.body as { dry_run?: unknown }).dry_run, undefined)
  const again = await post('/v1/workflows/remind/cancel', { cancelation_key: 'real' })
  assert.equal((again.body as { summary: { already_canceled: number } }).summary.already_canceled, 1)
})

/** Without `dry_run` at any depth. */
function withoutMarks(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (name, value: unknown) => (name === 'dry_run' ? undefined : value)))
}

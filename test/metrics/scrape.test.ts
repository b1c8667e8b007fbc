import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { samplesOf, sumOf } from '../../testing/fixtures/samples.ts'
import { createApiKey } from '../../store/api-keys/api-keys.ts'
import { PUBLIC_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'
import { invite } from '../../testing/fixtures/row-states.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalogOf(invite))
  await publishCatalog(api.deps.store.db, catalogOf(invite))
})
after(() => api.close())

const scrape = async () => samplesOf((await api.call('GET', '/metrics')).body as string)

test('on the API’s port the metrics are for secret keys that may read', async () => {
  assert.equal((await api.call('GET', '/metrics', { key: null })).status, 401)
  assert.equal((await api.call('GET', '/metrics', { key: 'sk_of_somebody_else_entirely' })).status, 401)
  assert.equal((await api.call('GET', '/metrics', { key: PUBLIC_KEY })).status, 403)
  for (const [scope, answered] of [
    ['notify', 403],
    ['read', 200],
  ] as const) {
    const made = await createApiKey(api.deps.store.db, { name: `for ${scope}`, scopes: [scope] }, 0)
    assert.ok(typeof made === 'object')
    assert.equal((await api.call('GET', '/metrics', { key: made.key })).status, answered, scope)
  }
  const { status, headers } = await api.call('GET', '/metrics')
  assert.equal(status, 200)
  assert.match(headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
})

test('requests are counted by the pattern of their route: what a path holds makes no series', async () => {
  await api.call('GET', '/v1/messages/one-that-is-not-there')
  await api.call('GET', '/v1/users/somebody-in-particular')
  await api.call('GET', '/nothing/at/this/address')
  const samples = await scrape()
  const requests = 'belay_http_requests_total'
  const counted = (labels: Record<string, string>) => sumOf(samples, requests, labels) ?? 0
  assert.ok(counted({ method: 'GET', route: '/v1/users/:id' }) >= 1)
  assert.ok(counted({ route: 'none', code: '404' }) >= 1)
  assert.ok((sumOf(samples, 'belay_http_request_duration_seconds_count', { route: '/v1/users/:id' }) ?? 0) >= 1)
  const labels = samples.flatMap((sample) => Object.values(sample.labels)).join(' ')
  assert.doesNotMatch(labels, /somebody|not-there|address/)
})

test('a cancel’s outcomes are counted recipient by recipient, once for a repeat, and not at all for a dry run', async () => {
  const counted = async (outcome: string) => sumOf(await scrape(), 'belay_verdicts_total', { outcome }) ?? 0
  const body = { recipients: ['ada', 'bob'], cancelation_key: 'counted', data: {} }
  assert.equal((await api.call('POST', '/v1/workflows/invite/trigger', { body })).status, 200)
  const before = await counted('canceled')
  const cancel = (more: object, headers: Record<string, string> = {}) =>
    api.call('POST', '/v1/workflows/invite/cancel', { body: { cancelation_key: 'counted', ...more }, headers })
  assert.equal((await cancel({ dry_run: true })).status, 200)
  assert.equal(await counted('canceled'), before)
  await cancel({}, { 'idempotency-key': 'one' })
  await cancel({}, { 'idempotency-key': 'one' })
  assert.equal(await counted('canceled'), before + 2)
})

test('the store’s figures are read from the store', async () => {
  const samples = await scrape()
  for (const name of ['belay_pending_recipient_runs', 'belay_overdue_messages', 'belay_unconfirmed_signals']) {
    assert.equal(typeof sumOf(samples, name), 'number', name)
  }
  assert.equal(sumOf(samples, 'belay_runs_failing'), undefined, 'Temporal is away: nobody knows')
})

test('a store that hangs holds no scrape up: what is counted here is told, and figures nobody knows are left out', async (t) => {
  const store = await testPglite()
  const hanging = await startApi(catalogOf(invite), store)
  t.after(() => hanging.close())
  let goOn: (() => void) | undefined
  const busy = store.db.transaction(() => new Promise<void>((resolve) => (goOn = resolve)))
  const begun = performance.now()
  const { status, body } = await hanging.call('GET', '/metrics')
  assert.ok(performance.now() - begun < 8_000)
  goOn?.()
  await busy
  assert.equal(status, 200)
  const samples = samplesOf(body as string)
  assert.equal(sumOf(samples, 'belay_pending_recipient_runs'), undefined)
  assert.ok(sumOf(samples, 'belay_http_requests_total')! > 0)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { startApi as startServer } from '../../api/http/server.ts'
import { addSearchAttributes } from '../../temporal/search-attributes.ts'
import { openPostgres, query, type Database } from '../../store/postgres/database.ts'
import { loadPendingSignals } from '../../store/signals/pending-signals.ts'
import { triggers } from '../../store/schema/index.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { hostClock } from '../../testing/fixtures/host-clock.ts'
import { until } from '../../testing/fixtures/until.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { sql } from 'drizzle-orm'
import { publishCatalog } from '../../store/catalog/definitions.ts'

const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']), testVersion('remind', ['until', 'mail']))
const NOW = Date.parse('2026-03-01T12:00:00Z')
let database: TestDatabase
let api: ApiServer
let db: Database
let keys = 0
before(async () => {
  database = await testPostgres()
  const store = openPostgres(database.url)
  db = store.db
  api = await startApi(catalog, store)
  api.clock.now = NOW
  await publishCatalog(db, catalog)
})
after(async () => {
  await api.close()
  await database.drop()
})

const freshKey = () => `idem-${(keys += 1)}`
const call = (
  path: string,
  body: unknown,
  idempotencyKey: string,
  headers: Record<string, string> = {},
): Promise<Answer> => api.call('POST', path, { body, headers: { 'idempotency-key': idempotencyKey, ...headers } })
const trigger = (body: unknown, key: string, workflow = 'invite') =>
  call(`/v1/workflows/${workflow}/trigger`, body, key)
const cancel = (body: unknown, key: string, headers?: Record<string, string>) =>
  call('/v1/workflows/invite/cancel', body, key, headers)

function assertReplayed(replay: Answer, first: Answer): void {
  assert.equal(replay.status, first.status)
  assert.deepEqual(replay.body, first.body)
  assert.equal(replay.headers.get('idempotent-replayed'), 'true')
  assert.equal(replay.headers.get('original-x-request-id'), first.headers.get('x-request-id'))
  assert.notEqual(replay.headers.get('x-request-id'), first.headers.get('x-request-id'))
}

test('an empty key, which would save nobody from doing it twice, is refused', async () => {
  for (const key of ['', '  ']) {
    const answer = await trigger({ recipients: ['ada'] }, key)
    assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), ['Idempotency-Key length'])
  }
})

test('a repeat gets the first answer, says so, and triggers nothing', async () => {
  const key = freshKey()
  const body = { recipients: ['ada', { id: 'bob', name: 'Bob' }], cancelation_key: key, data: { b: 1, a: [2] } }
  const first = await trigger(body, key)
  assert.equal(first.headers.get('idempotent-replayed'), null)
  const before = await db.$count(triggers)
  assertReplayed(await trigger(body, key), first)
  assertReplayed(await trigger(body, key), first)
  assert.equal(await db.$count(triggers), before)
  const other = await trigger(body, freshKey())
  assert.equal((other.body as TriggerAnswer).joined, true)
})

test('a repeated cancel gets the first verdict, also where it would find nothing any more', async () => {
  const key = freshKey()
  await trigger({ recipients: ['ada'], cancelation_key: key }, key)
  const first = await cancel({ cancelation_key: key }, key)
  assert.equal((first.body as Verdict).summary.canceled, 1)
  assertReplayed(await cancel({ cancelation_key: key }, key), first)
  const bare = await cancel({ cancelation_key: key }, key, { prefer: 'return=minimal' })
  assert.deepEqual([bare.status, bare.body, bare.headers.get('idempotent-replayed')], [204, undefined, 'true'])
})

test('one key may be used for a trigger and for a cancel, and for two workflows', async () => {
  const key = freshKey()
  const body = { recipients: ['ada'], cancelation_key: key, data: { remind_at: '2026-03-02T09:00:00Z' } }
  for (const workflow of ['invite', 'remind']) {
    assert.equal((await trigger(body, key, workflow)).headers.get('idempotent-replayed'), null)
  }
  assert.equal((await cancel({ cancelation_key: key }, key)).headers.get('idempotent-replayed'), null)
})

test('the same key with another body, or one that is too long, is refused', async () => {
  const key = freshKey()
  await trigger({ recipients: ['ada'] }, key)
  assertRefused(await trigger({ recipients: ['bob'] }, key), 400, 'idempotency_key_mismatch')
  assertRefused(await trigger({ recipients: ['ada'] }, 'k'.repeat(256)), 400, 'idempotency_key_too_long')
  assertRefused(await cancel({ cancelation_key: 'x' }, 'k'.repeat(256)), 400, 'idempotency_key_too_long')
  assert.equal((await trigger({ recipients: ['ada'] }, 'k'.repeat(255))).status, 200)
})

test('a refusal is not kept: the corrected request is carried out', async () => {
  const key = freshKey()
  assertRefused(await trigger({ recipients: ['ada'] }, key, 'remind'), 422, 'invalid_params')
  const data = { remind_at: '2026-03-02T09:00:00Z' }
  const answer = await trigger({ recipients: ['ada'], data }, key, 'remind')
  assert.deepEqual([answer.status, answer.headers.get('idempotent-replayed')], [200, null])
})

test('a repeat is answered like the first though its instant is past by now', async () => {
  const key = freshKey()
  const body = { recipients: ['ada'], data: { remind_at: '2026-03-01T12:00:30Z' } }
  const first = await trigger(body, key, 'remind')
  api.clock.now = NOW + 3_600_000
  assertReplayed(await trigger(body, key, 'remind'), first)
  assertRefused(await trigger(body, freshKey(), 'remind'), 422, 'invalid_params')
  api.clock.now = NOW
})

test('of twenty at once one is carried out, and all get its answer', async () => {
  const key = freshKey()
  const body = { recipients: ['ada'], cancelation_key: key }
  const answers = await Promise.all(Array.from({ length: 20 }, () => trigger(body, key)))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.equal(new Set(answers.map((answer) => (answer.body as TriggerAnswer).workflow_run_id)).size, 1)
  assert.equal(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null).length, 1)
})

/** Keeps the key's row of a run locked, as a transaction that takes its time does. */
async function holdRun(cancelationKey: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from runs where cancelation_key = $1 for update', [cancelationKey])
  return async () => {
    await client.query('rollback')
    await client.end()
  }
}
const waiting = async (count: number) => {
  const text = sql`select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return (await query(db, text)).length >= count
}

test('a repeat waits while the first is carried out, and gets its answer', async () => {
  const key = freshKey()
  const body = { recipients: ['ada'], cancelation_key: key }
  await trigger(body, freshKey())
  const release = await holdRun(key)
  const first = trigger(body, key)
  await until('the first waits for the run', () => waiting(1))
  const second = trigger(body, key)
  await until('the second waits for the first', () => waiting(2))
  await release()
  assertReplayed(await second, await first)
})

test('a repeat that waited for two seconds is told to come back, and then gets the answer', async () => {
  const key = freshKey()
  const body = { recipients: ['ada'], cancelation_key: key }
  await trigger(body, freshKey())
  const release = await holdRun(key)
  const first = trigger(body, key)
  await until('the first waits for the run', () => waiting(1))
  const began = performance.now()
  const second = await trigger(body, key)
  const waited = performance.now() - began
  assert.ok(waited > 1_900 && waited < 15_000, `${waited} ms`)
  assertRefused(second, 503, 'overloaded')
  assert.equal(second.headers.get('retry-after'), '1')
  assert.match((second.body as { message: string }).message, /Idempotency-Key/)
  await release()
  assertReplayed(await trigger(body, key), await first)
})

test('what the first committed and could not tell its run is told by the repeat', async (t) => {
  const key = freshKey()
  const body = { recipients: ['ada', 'bob'], cancelation_key: key }
  const first = await trigger(body, key)
  const { workflow_run_id: workflowRunId } = first.body as TriggerAnswer
  assert.equal((await loadPendingSignals(db, { workflowRunId })).length, 1)
  // The api that answered has lost Temporal; the repeat comes to another one that has not.
  const temporal = await devServer()
  t.after(() => temporal.teardown())
  await addSearchAttributes(temporal.connection, 'default')
  const store = openPostgres(database.url)
  t.after(() => store.close())
  const { settings, log } = api.deps
  const start = { store, clock: hostClock, connection: temporal.connection, namespace: 'default', catalog, log }
  const other = await startServer({ ...start, settings: { ...settings, PORT: 0 } })
  t.after(() => other.close())
  const replay = await api.call('POST', '/v1/workflows/invite/trigger', {
    body,
    headers: { 'idempotency-key': key },
    url: other.url,
  })
  assertReplayed(replay, first)
  const { status } = await (await toldRun(temporal.client, `invite/${key}`)).describe()
  assert.equal(status.name, 'RUNNING')
  await until('the signal is confirmed', async () => (await loadPendingSignals(db, { workflowRunId })).length === 0)
})

test('the same body in another order of its fields, spaced otherwise, is the same request', async () => {
  const key = freshKey()
  const first = await trigger(
    `{"recipients": [{"id": "ada", "name": "Ada", "plan": {"a": 1, "b": [1, 2]}}], "data": {"x": 1, "y": {"p": 1, "q": 2}}}`,
    key,
  )
  assert.equal(first.status, 200)
  const reordered = `{"data":{"y":{"q":2,"p":1},"x":1},"recipients":[{"plan":{"b":[1,2],"a":1},"name":"Ada","id":"ada"}]}`
  assertReplayed(await trigger(reordered, key), first)
  const lists = reordered.replace('[1,2]', '[2,1]')
  assertRefused(await trigger(lists, key), 400, 'idempotency_key_mismatch')
})

test('a workflow key of 9,000 characters with an Idempotency-Key is refused like one without', async () => {
  const workflow = 'w'.repeat(9_000)
  for (const call of ['trigger', 'cancel', 'reschedule', 'send_now', 'bulk_cancel']) {
    const body = { recipients: ['ada'], cancelation_key: 'k', cancelation_keys: ['k'] }
    const path = `/v1/workflows/${workflow}/${call}`
    const plain = await api.call('POST', path, { body })
    const keyed = await api.call('POST', path, { body, headers: { 'idempotency-key': freshKey() } })
    assert.ok(plain.status === 404 || plain.status === 422, `${call}: ${plain.status}`)
    assert.equal(keyed.status, plain.status, call)
  }
})

import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { findRun } from '../../store/runs/runs.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const SOON = '2026-03-01T12:00:02Z'
const LATER = '2026-03-05T12:00:00Z'

let api: ApiServer
let keys = 0
before(async () => {
  const catalog = catalogOf(testVersion('remind', ['wait', 'feed']))
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

/** A trigger for one person, under a key of its own. */
interface Pending {
  key: string
  user: string
  workflowRunId: string
}

async function pending(): Promise<Pending> {
  api.clock.now = NOW
  const key = `key-${(keys += 1)}`
  const user = `user-${keys}`
  const body = { recipients: [user], cancelation_key: key }
  const answer = await api.call('POST', '/v1/workflows/remind/trigger', { body })
  return { key, user, workflowRunId: (answer.body as TriggerAnswer).workflow_run_id }
}

/** Every call that changes what is pending: its request, another that could be meant under the same key, and its outcome. */
interface Change {
  path: (of: Pending) => string
  body: (of: Pending) => object
  other: (of: Pending) => object
  outcome: string
  noBody?: true
}

const changes: Record<string, Change> = {
  reschedule: {
    path: () => '/v1/workflows/remind/reschedule',
    body: ({ key }) => ({ cancelation_key: key, delay_until: SOON }),
    other: ({ key }) => ({ cancelation_key: key, delay_until: LATER }),
    outcome: 'rescheduled',
  },
  send_now: {
    path: () => '/v1/workflows/remind/send_now',
    body: ({ key }) => ({ cancelation_key: key }),
    other: ({ key, user }) => ({ cancelation_key: key, recipients: [user] }),
    outcome: 'sent_now',
  },
  'cancel of a trigger': {
    path: ({ workflowRunId }) => `/v1/workflow_runs/${workflowRunId}/cancel`,
    body: () => ({}),
    other: ({ user }) => ({ recipients: [user] }),
    outcome: 'canceled',
    noBody: true,
  },
  'cancel of a user': {
    path: ({ user }) => `/v1/users/${user}/cancel`,
    body: () => ({ workflow: 'remind' }),
    other: () => ({}),
    outcome: 'canceled',
    noBody: true,
  },
  'cancel of many keys': {
    path: () => '/v1/workflows/remind/bulk_cancel',
    body: ({ key }) => ({ cancelation_keys: [key] }),
    other: ({ key }) => ({ cancelation_keys: [key, 'another'] }),
    outcome: 'canceled',
    noBody: true,
  },
}

const call = (path: string, body: object, key: string, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call('POST', path, { body, headers: { 'idempotency-key': key, ...headers } })

function assertReplayed(replay: Answer, first: Answer): void {
  assert.deepEqual([replay.status, replay.body], [200, first.body])
  assert.equal(replay.headers.get('idempotent-replayed'), 'true')
  assert.equal(replay.headers.get('original-x-request-id'), first.headers.get('x-request-id'))
}

const summaryOf = ({ body }: Answer) => (body as { summary: Record<string, number> }).summary

for (const [name, { path, body, other, outcome, noBody }] of Object.entries(changes)) {
  test(`${name}: a repeat gets the first answer, an hour later, too`, async () => {
    const of = await pending()
    const first = await call(path(of), body(of), of.key)
    assert.deepEqual([first.status, first.headers.get('idempotent-replayed')], [200, null])
    assert.equal(summaryOf(first)[outcome], 1)
    // By now the instant it was moved to is past.
    api.clock.now = NOW + 3_600_000
    assertReplayed(await call(path(of), body(of), of.key), first)
    const fresh = await call(path(of), body(of), `${of.key} again`)
    assert.notDeepEqual([fresh.status, fresh.body], [200, first.body])
  })

  test(`${name}: the same key with another request, or one that is too long, is refused and changes nothing`, async () => {
    const of = await pending()
    assertRefused(await call(path(of), body(of), 'k'.repeat(256)), 400, 'idempotency_key_too_long')
    const longest = await call(path(of), body(of), `${of.key} `.padEnd(255, 'k'))
    assert.equal(summaryOf(longest)[outcome], 1)
    const next = await pending()
    await call(path(next), other(next), next.key)
    assertRefused(await call(path(next), body(next), next.key), 400, 'idempotency_key_mismatch')
  })

  test(`${name}: of ten at once, all get the answer of one`, async () => {
    const of = await pending()
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(path(of), body(of), of.key)))
    const first = answers.find((answer) => answer.headers.get('idempotent-replayed') === null)!
    assert.equal(summaryOf(first)[outcome], 1)
    for (const answer of answers) if (answer !== first) assertReplayed(answer, first)
  })

  if (noBody !== true) continue
  test(`${name}: with Prefer: return=minimal, a bare 204, and the verdict is there for a repeat`, async () => {
    const of = await pending()
    const bare = await call(path(of), body(of), of.key, { prefer: 'return=minimal' })
    assert.deepEqual([bare.status, bare.body], [204, undefined])
    const replay = await call(path(of), body(of), of.key)
    assert.equal(replay.headers.get('idempotent-replayed'), 'true')
    assert.equal(summaryOf(replay)[outcome], 1)
  })
}

test('a reschedule that is refused keeps no answer: the corrected one is carried out under the same key', async () => {
  const of = await pending()
  const { path, body } = changes['reschedule']!
  const past = { cancelation_key: of.key, delay_until: '2026-03-01T11:00:00Z' }
  assert.deepEqual(assertRefused(await call(path(of), past, of.key), 422, 'invalid_params'), ['delay_until invalid'])
  assert.equal(summaryOf(await call(path(of), body(of), of.key))['rescheduled'], 1)
})

test('a request of several runs that failed in the middle keeps no answer: its repeat does the rest', async () => {
  const [one, two] = [await pending(), await pending()]
  const { db } = api.deps.store
  const body = { cancelation_keys: [one.key, two.key] }
  const bulk = () => call('/v1/workflows/remind/bulk_cancel', body, one.key)
  const run = (await findRun(db, `remind/${two.key}`))!
  await db.execute(sql.raw(`alter table cancels add constraint torn check (run_id <> ${run.id}) not valid`))
  assertRefused(await bulk(), 500, 'internal_error')
  await db.execute(sql`alter table cancels drop constraint torn`)
  const rest = await bulk()
  const { summary, verdicts } = rest.body as { summary: Record<string, number>; verdicts: Verdict[] }
  assert.deepEqual([summary['already_canceled'], summary['canceled']], [1, 1])
  assert.deepEqual(
    verdicts.map(({ cancelation_key: key, status }) => [key, status]),
    [
      [one.key, 'nothing_pending'],
      [two.key, 'applied'],
    ],
  )
  assertReplayed(await bulk(), rest)
})

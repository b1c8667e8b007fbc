import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(
  testVersion('invite', ['feed', 'wait', 'mail']),
  testVersion('off', ['feed'], { active: false }),
)
let api: ApiServer
let keys = 0
before(async () => {
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
  // As a folder that held it once leaves it behind.
  await publishCatalog(api.deps.store.db, catalogOf(testVersion('removed', ['feed'])))
})
after(() => api.close())

const cancel = (body: unknown, headers: Record<string, string> = {}, key = 'invite'): Promise<Answer> =>
  api.call('POST', `/v1/workflows/${key}/cancel`, { body, headers })

async function verdictOf(body: unknown): Promise<Verdict> {
  const answer = await cancel(body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as Verdict
}

/** Triggers a workflow under a key of its own. */
async function pending(recipients: unknown[] = ['ada', 'bob']): Promise<{ key: string; workflowRunId: string }> {
  const key = `key-${(keys += 1)}`
  const body = { recipients, cancelation_key: key }
  const answer = await api.call('POST', '/v1/workflows/invite/trigger', { body })
  return { key, workflowRunId: (answer.body as TriggerAnswer).workflow_run_id }
}

const outcomes = (verdict: Verdict) => verdict.recipients.map(({ id, outcome }) => [id, outcome])

const refusals: [what: string, body: unknown, fields: string[]][] = [
  ['no key', {}, ['cancelation_key required']],
  ['a null key', { cancelation_key: null, cancellation_key: null }, ['cancelation_key required']],
  ['an empty key', { cancellation_key: '' }, ['cancellation_key length']],
  ['both spellings that differ', { cancelation_key: 'a', cancellation_key: 'b' }, ['cancelation_key conflict']],
  ['nobody', { cancelation_key: 'a', recipients: [] }, ['recipients length']],
  ['recipients as a text', { cancelation_key: 'a', recipients: 'ada' }, ['recipients cast']],
  ['a typo of recipients', { cancelation_key: 'a', recipient: ['ada'] }, ['recipient unknown']],
  ['two unknown fields', { cancelation_key: 'a', foo: 1, bar: 2 }, ['foo unknown', 'bar unknown']],
  ['a user as an object', { cancelation_key: 'a', recipients: [{ id: 'ada' }] }, ['recipients[0].collection required']],
  [
    'an object without an id',
    { cancelation_key: 'a', recipients: [{ collection: 'c' }] },
    ['recipients[0].id required'],
  ],
  ['a bad id', { cancelation_key: 'a', recipients: ['ada', 'a/b'] }, ['recipients[1] format']],
  ['a number as id', { cancelation_key: 'a', recipients: [5] }, ['recipients[0] cast']],
  ['10,001 recipients', { cancelation_key: 'a', recipients: Array(10_001).fill('ada') }, ['recipients length']],
  ['archive_sent as a text', { cancelation_key: 'a', archive_sent: 'yes' }, ['archive_sent cast']],
  ['a long reason', { cancelation_key: 'a', reason: 'x'.repeat(1_001) }, ['reason length']],
]

for (const [what, body, fields] of refusals) {
  test(`${what}: refused by the field's name`, async () => {
    assert.deepEqual(assertRefused(await cancel(body), 422, 'invalid_params'), fields)
  })
}

test('everyone is canceled when nobody is named, and when the list is null', async () => {
  for (const named of [{}, { recipients: null }]) {
    const { key, workflowRunId } = await pending()
    const verdict = await verdictOf({ cancelation_key: key, ...named })
    assert.deepEqual([verdict.workflow, verdict.cancelation_key, verdict.status], ['invite', key, 'applied'])
    assert.deepEqual(verdict.archived, [])
    assert.deepEqual(verdict.summary, {
      canceled: 2,
      sending: 0,
      already_sent: 0,
      ended: 0,
      already_canceled: 0,
      not_found: 0,
    })
    const [ada] = verdict.recipients
    assert.match(ada!.runs[0]!.workflow_recipient_run_id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(
      { ...ada, runs: ada!.runs.map(({ workflow_recipient_run_id: _id, ...run }) => run) },
      {
        id: 'ada',
        outcome: 'canceled',
        runs: [{ workflow_run_id: workflowRunId, outcome: 'canceled', messages: [], in_flight: [], taken_back: [] }],
      },
    )
  }
})

test('only those named are canceled; a repeat, a stranger and an object are each told of', async () => {
  const { key } = await pending(['ada', 'bob', { collection: 'teams', id: 'a/b#c', name: 'Red' }])
  const recipients = ['ada', 'ada', 'stranger', { collection: 'teams', id: 'a/b#c' }]
  const verdict = await verdictOf({ cancelation_key: key, recipients })
  assert.deepEqual(outcomes(verdict), [
    ['ada', 'canceled'],
    ['stranger', 'not_found'],
    [{ collection: 'teams', id: 'a/b#c' }, 'canceled'],
  ])
  assert.deepEqual(outcomes(await verdictOf({ cancellation_key: key, recipients: ['bob', 'ada'] })), [
    ['bob', 'canceled'],
    ['ada', 'already_canceled'],
  ])
})

test('either spelling of the key, both the same, and a number for its text', async () => {
  for (const name of ['cancelation_key', 'cancellation_key']) {
    const { key } = await pending()
    assert.equal((await verdictOf({ [name]: key })).summary.canceled, 2)
  }
  await api.call('POST', '/v1/workflows/invite/trigger', { body: { recipients: ['ada'], cancelation_key: '4711' } })
  assert.equal((await verdictOf({ cancelation_key: 4711, cancellation_key: '4711' })).summary.canceled, 1)
})

test('the fields that SDKs send beside it are ignored', async () => {
  const { key } = await pending()
  const beside = { workflow: 'other', name: 'x', key: 5, actor: null, data: [], tenant: {} }
  assert.equal((await verdictOf({ cancelation_key: key, ...beside })).summary.canceled, 2)
})

test('a key never used is nothing_pending; a workflow never known is missing; one inactive or removed is neither', async () => {
  assert.equal((await verdictOf({ cancelation_key: 'never' })).status, 'nothing_pending')
  assertRefused(await cancel({ cancelation_key: 'a' }, {}, 'unknown'), 404, 'workflow_missing')
  for (const key of ['off', 'removed']) assert.equal((await cancel({ cancelation_key: 'a' }, {}, key)).status, 200)
})

test('whoever fails on a body gets none, and the cancel is done all the same', async () => {
  const go = (version: string) => ({ 'x-stainless-lang': 'go', 'x-stainless-package-version': version })
  const bare: Record<string, string>[] = [
    { prefer: 'return=minimal' },
    { prefer: 'respond-async, return="minimal"; foo=1' },
    ...['0.1.0', '1.0.0', '1.15.3', 'v1.2'].map(go),
  ]
  for (const headers of bare) {
    const { key } = await pending()
    const answer = await cancel({ cancelation_key: key }, headers)
    assert.deepEqual([answer.status, answer.body], [204, undefined], JSON.stringify(headers))
    assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
    assert.equal((await verdictOf({ cancelation_key: key })).summary.already_canceled, 2)
  }
  const full: Record<string, string>[] = [
    { prefer: 'return=representation' },
    { prefer: 'return=minimalist' },
    ...['1.16.0', '1.38.0', '2.0.0', 'unknown'].map(go),
    { 'x-stainless-lang': 'js', 'x-stainless-package-version': '1.0.0' },
  ]
  for (const headers of full) {
    assert.equal((await cancel({ cancelation_key: 'never' }, headers)).status, 200, JSON.stringify(headers))
  }
  // An error always has its body.
  assertRefused(await cancel({}, { prefer: 'return=minimal' }), 422, 'invalid_params')
})

test('the API of May 2021 cancels by name, in either spelling', async () => {
  const notifyCancel = (body: object) => api.call('POST', '/v1/notify/cancel', { body })
  for (const name of ['cancelation_key', 'cancellation_key']) {
    const { key } = await pending()
    const one = await notifyCancel({ name: 'invite', [name]: key, recipients: ['ada'] })
    assert.deepEqual(outcomes(one.body as Verdict), [['ada', 'canceled']])
    const all = await notifyCancel({ name: 'invite', [name]: key, recipients: null })
    assert.deepEqual(outcomes(all.body as Verdict), [
      ['ada', 'already_canceled'],
      ['bob', 'canceled'],
    ])
  }
  assert.deepEqual(assertRefused(await notifyCancel({ cancelation_key: 'a' }), 422, 'invalid_params'), [
    'name required',
  ])
  assertRefused(await notifyCancel({ name: 'unknown', cancelation_key: 'a' }), 404, 'workflow_missing')
})

test('a cancel after a trigger in the very next request takes everybody out, a hundred times in a row', async () => {
  for (let i = 0; i < 100; i += 1) {
    const { key } = await pending(['ada'])
    assert.equal((await verdictOf({ cancelation_key: key })).summary.canceled, 1)
  }
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(testVersion('remind', ['wait', 'feed']), testVersion('letter', ['feed', 'wait', 'mail']))
let api: ApiServer
before(async () => {
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

interface Many {
  status: string
  summary: Verdict['summary']
  verdicts: Verdict[]
  truncated?: true
}

async function post<Body>(path: string, body: object): Promise<Body> {
  const answer = await api.call('POST', path, { body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as Body
}
const trigger = async (workflow: string, body: object): Promise<string> =>
  (await post<TriggerAnswer>(`/v1/workflows/${workflow}/trigger`, body)).workflow_run_id

const runsIn = ({ verdicts }: Many) =>
  verdicts.map(({ workflow, cancelation_key: key, recipients }) => [
    workflow,
    key,
    recipients.map(({ id, outcome, runs }) => [id, outcome, runs.map((run) => run.workflow_run_id)]),
  ])

test('a user in several triggers of one key is one recipient of one verdict, with a run for each', async () => {
  const first = await trigger('remind', { recipients: ['ada', 'bob'], cancelation_key: 'joined' })
  const second = await trigger('remind', { recipients: ['ada'], cancelation_key: 'joined' })
  const keyless = await trigger('letter', { recipients: ['ada'] })
  const answer = await post<Many>('/v1/users/ada/cancel', {})
  assert.deepEqual(runsIn(answer), [
    ['remind', 'joined', [['ada', 'canceled', [first, second]]]],
    ['letter', null, [['ada', 'canceled', [keyless]]]],
  ])
  assert.deepEqual([answer.status, answer.summary.canceled], ['applied', 2])
  const rest = await post<Verdict>('/v1/workflows/remind/cancel', { cancelation_key: 'joined' })
  assert.deepEqual([rest.summary.already_canceled, rest.summary.canceled], [1, 1])
})

test('of one key, only the triggers of the tenant are canceled for them', async () => {
  const recipients = ['cat']
  const acme = [
    await trigger('remind', { recipients, cancelation_key: 'tenants', tenant: 'acme' }),
    await trigger('remind', { recipients, cancelation_key: 'tenants', tenant: 'other' }),
    await trigger('remind', { recipients, cancelation_key: 'tenants', tenant: 'acme' }),
  ]
  const answer = await post<Many>('/v1/users/cat/cancel', { tenant: 'acme' })
  assert.deepEqual(runsIn(answer), [['remind', 'tenants', [['cat', 'canceled', [acme[0], acme[2]]]]]])
  assert.equal(answer.summary.canceled, 1)
  assert.deepEqual(runsIn(await post<Many>('/v1/users/cat/cancel', {})), [
    ['remind', 'tenants', [['cat', 'canceled', [acme[1]]]]],
  ])
})

test('of more than 10,000 runs an answer lists 10,000, and its sums are complete', async () => {
  const recipients = Array.from({ length: 5_100 }, (_, i) => `user-${i}`)
  for (const key of ['a', 'a', 'b']) await trigger('remind', { recipients, cancelation_key: key })
  const answer = await post<Many>('/v1/workflows/remind/bulk_cancel', { cancelation_keys: ['a', 'b'] })
  assert.deepEqual([answer.summary.canceled, answer.truncated], [10_200, true])
  assert.deepEqual(
    answer.verdicts.map(({ summary, recipients: listed, truncated }) => [
      summary.canceled,
      listed.flatMap(({ runs }) => runs).length,
      truncated,
    ]),
    [
      [5_100, 10_000, true],
      [5_100, 0, true],
    ],
  )
})

import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(testVersion('invite', ['wait', 'mail']))

const logged: Record<string, unknown>[] = []
let api: ApiServer
before(async () => {
  api = await startApi(catalog)
  const sink = new Writable({
    write(line: Buffer, _encoding, done) {
      logged.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  api.deps.log = pino({ level: 'warn' }, sink)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const trigger = (body: object) =>
  api.call('POST', '/v1/workflows/invite/trigger', { body: { recipients: ['ada'], ...body } })
const ignored = (field: string) => `"${field}" is not a field of this request and was ignored`
const asked = (field: string, meant: string) => `"${field}" was ignored: did you mean "${meant}"?`

test('a trigger with a field that is unknown is accepted, and a header names it', async () => {
  const answer = await trigger({ campaign: 'spring', settings: { colour: 'red' } })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('belay-warning'), `${ignored('campaign')}; ${ignored('settings.colour')}`)
})

for (const [field, meant] of [
  ['cancellation_ky', 'cancelation_key'],
  ['cancelationKey', 'cancelation_key'],
  ['recipient', 'recipients'],
  ['tenant_id', 'tenant'],
] as const) {
  test(`${field} is asked about as ${meant}, and logged with the trigger`, async () => {
    const answer = await trigger({ [field]: 'x' })
    assert.equal(answer.headers.get('belay-warning'), asked(field, meant))
    const { workflow_run_id } = answer.body as TriggerAnswer
    const line = logged.find((each) => each['workflow_run_id'] === workflow_run_id)
    assert.deepEqual(line?.['unknown'], [{ field, meant }])
  })
}

test('a trigger that is all known has no such header, and neither has what stands in data', async () => {
  const answer = await trigger({ data: { cancellation_ky: 1 }, settings: { skip_delay: false }, cancelation_key: 'k' })
  assert.equal(answer.headers.get('belay-warning'), null)
})

test('hundreds of unknown fields, long ones and odd ones, make one short header', async () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`ünknöwn\n${'x'.repeat(index)}`, 1]))
  const warning = (await trigger(many)).headers.get('belay-warning')!
  assert.ok(warning.length < 2_000)
  assert.match(warning, /^[\x20-\x7e]+$/)
})

const off = { email: false }
const set = 'users/ada/preferences/default'
const about = { workflow: 'invite', scheduled_at: '2030-01-01T00:00:00Z' }
for (const [method, path, body, warning] of [
  ['PUT', set, { chanel_types: off }, asked('chanel_types', 'channel_types')],
  [
    'PUT',
    set,
    { workflows: { invite: { chanel_types: off } } },
    asked('workflows.invite.chanel_types', 'workflows.invite.channel_types'),
  ],
  [
    'PUT',
    'users/ada',
    { preferences: { default: { chanel_types: off } }, plan_typ: 'pro' },
    asked('preferences.default.chanel_types', 'preferences.default.channel_types'),
  ],
  [
    'POST',
    'users/bulk/identify',
    { users: [{ id: 'bob' }, { id: 'ada', preferences: { default: { categorys: {} } } }] },
    asked('users[1].preferences.default.categorys', 'users[1].preferences.default.categories'),
  ],
  [
    'POST',
    'users/bulk/preferences',
    { user_ids: ['ada'], preferences: { id: 'default', workflow: {} } },
    asked('preferences.workflow', 'preferences.workflows'),
  ],
  ['PUT', 'tenants/acme', { settings: { preferences: {} } }, asked('settings.preferences', 'settings.preference_set')],
  [
    'POST',
    'schedules',
    { ...about, recipients: ['ada'], endng_at: '2031-01-01T00:00:00Z' },
    asked('endng_at', 'ending_at'),
  ],
  [
    'POST',
    'schedules',
    { ...about, recipients: ['ada'], repeats: [{ frequency: 'daily', minute: 5 }] },
    asked('repeats[0].minute', 'repeats[0].minutes'),
  ],
  [
    'POST',
    'schedules/bulk/create',
    { schedules: [{ ...about, recipient: 'ada', dta: {} }] },
    ignored('schedules[0].dta'),
  ],
  [
    'POST',
    'workflows/invite/trigger',
    { recipients: ['bob', { id: 'ada', preferences: { default: { chanel: 1 } } }] },
    asked('recipients[1].preferences.default.chanel', 'recipients[1].preferences.default.channels'),
  ],
  ['POST', 'objects/p/1/subscriptions', { recipients: ['ada'], propertys: {} }, asked('propertys', 'properties')],
  ['POST', 'messages/batch/seen', { message_ids: ['x'], __typename: 'X', extra: 1 }, ignored('extra')],
] as const) {
  test(`${method} ${path} names what it ignores: ${warning}`, async () => {
    const answer = await api.call(method, `/v1/${path}`, { body })
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.equal(answer.headers.get('belay-warning'), warning)
  })
}

test('where what is unknown would leave everybody in, it is refused', async () => {
  for (const [path, body] of [
    ['events', { event: 'paid', recipent: ['ada'] }],
    ['channels/feed/messages/bulk/archived', { older_then: '2020-01-01T00:00:00Z' }],
    ['users/ada/cancel', { workfow: 'invite' }],
    ['workflows/invite/bulk_cancel', { cancelation_keys: ['k'], dryRun: true }],
  ] as const) {
    const answer = await api.call('POST', `/v1/${path}`, { body })
    assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), [`${Object.keys(body).at(-1)} unknown`])
  }
})

test('a field of the body that stands in the query is refused: a dry run would not be one', async () => {
  for (const [path, body, field] of [
    ['users/ada/cancel?dry_run=true', {}, 'dry_run'],
    ['users/ada/cancel?workflow=invite', undefined, 'workflow'],
    ['workflows/invite/cancel?dryRun=true', { cancelation_key: 'k' }, 'dryRun'],
    ['workflows/invite/cancel?recipients[]=ada', { cancelation_key: 'k' }, 'recipients'],
    ['workflows/invite/trigger?cancelation_key=k', { recipients: ['ada'] }, 'cancelation_key'],
    ['events?recipients[0]=ada', { event: 'paid' }, 'recipients'],
  ] as const) {
    const answer = await api.call('POST', `/v1/${path}`, { body })
    assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), [`${field} unknown`])
    assert.match((answer.body as { message: string }).message, /belongs into the body, as [a-z_]+$/)
  }
  // What no body knows is of clients themselves.
  assert.equal((await api.call('POST', '/v1/users/ada/cancel?__fetchSource=socket')).status, 200)
})

test('a preference set is not replaced by nothing: without a body the call is refused', async () => {
  const path = '/v1/users/ada/preferences/acme'
  assert.equal((await api.call('PUT', path, { body: { channel_types: off } })).status, 200)
  assert.deepEqual(assertRefused(await api.call('PUT', path), 422, 'invalid_params'), ['body required'])
  assert.deepEqual((await api.call('GET', path)).body, {
    ...{ __typename: 'PreferenceSet', id: 'acme', channel_types: off },
    ...{ channels: null, workflows: null, categories: null, commercial_subscribed: null },
  })
  assert.equal((await api.call('PUT', path, { body: {} })).status, 200)
})

test('a bulk delete that names no tenant is refused, also where a body names them', async () => {
  const answer = await api.call('POST', '/v1/tenants/bulk/delete', { body: { tenant_ids: ['acme'] } })
  assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), ['tenant_ids required'])
  assert.equal((await api.call('POST', '/v1/tenants/bulk/delete?tenant_ids=acme')).status, 200)
})

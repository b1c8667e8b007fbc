import { Knock } from 'knock-node-0.6'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { accept, walk } from '../../testing/fixtures/recipient-runs.ts'
import { feedChannel } from '../../testing/fixtures/seed.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'wait', 'mail'], { categories: ['social'] })
let api: ApiServer
let knock: Knock
before(async () => {
  api = await startApi(catalogOf(version))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
  knock = new Knock(SECRET_KEY, { host: api.url })
})
after(() => api.close())

async function delivered(recipients: string[], given: Parameters<typeof accept>[4] = {}) {
  const accepted = await accept(api.deps.store.db, version, null, recipients, given)
  for (const row of accepted.rows) await walk(api.deps.store.db, version, row)
  return accepted
}

interface SdkError {
  name: string
  message: string
  status: number
  requestID: string
}
const errorOf = (call: Promise<unknown>): Promise<SdkError> =>
  call.then(
    () => assert.fail('was answered'),
    (error: unknown) => error as SdkError,
  )

test('a trigger by cancellationKey is canceled in part and then as a whole, and both answer the verdict', async () => {
  const { workflow_run_id } = await knock.workflows.trigger('invite', {
    recipients: ['ada', { id: 'bob', name: 'Bob' }, { collection: 'teams', id: 'red' }],
    actor: 'grace',
    tenant: 'acme',
    cancellationKey: 'sdk-0',
    data: { plan: 'pro' },
  })
  assert.match(workflow_run_id, /^[0-9a-f-]{36}$/)
  const some = (await knock.workflows.cancel('invite', 'sdk-0', {
    recipients: ['ada', { collection: 'teams', id: 'red' }],
  })) as Verdict
  assert.equal(some.summary.canceled, 2)
  const all = (await knock.workflows.cancel('invite', 'sdk-0')) as Verdict
  assert.deepEqual([all.summary.canceled, all.summary.already_canceled], [1, 2])
})

test('a repeat with its idempotency key gets the first answer', async () => {
  const body = { recipients: ['ada'], actor: 'bob', cancellationKey: 'sdk-0-notify' }
  const first = await knock.workflows.trigger('invite', body, { idempotencyKey: 'once' })
  assert.deepEqual(await knock.workflows.trigger('invite', body, { idempotencyKey: 'once' }), first)
})

test('users are identified and read back', async () => {
  await knock.users.identify('ada', { name: 'Ada', email: 'ada@example.com', plan: 'pro' })
  const user = await knock.users.get('ada')
  assert.deepEqual([user.id, user.name, user.email, user['plan']], ['ada', 'Ada', 'ada@example.com', 'pro'])
})

test('messages are listed by filters, in its own way of writing lists and objects', async () => {
  const { workflowRunId } = await delivered(['m1', 'm2'], { data: { plan: 'pro' }, tenant: 'acme' })
  const found = async (query: object) =>
    (await knock.messages.list({ workflow_run_id: workflowRunId, ...query })).items.length
  assert.equal(await found({}), 2)
  assert.equal(await found({ status: ['delivered', 'sent'], engagement_status: ['unseen'] }), 2)
  assert.equal(await found({ trigger_data: { plan: 'pro' }, workflow_categories: ['social'], tenant: 'acme' }), 2)
  assert.equal(await found({ trigger_data: { plan: 'free' } }), 0)
  assert.equal(await found({ 'inserted_at.gt': new Date(Date.now() + 60_000).toISOString() }), 0)
  assert.equal((await knock.users.getMessages('m1', { source: 'invite' })).items.length, 1)
})

test('a message is archived by itself and in a batch, and what is archived is not in the feed', async () => {
  await delivered(['reader'])
  const { entries } = await knock.users.getFeed('reader', feedChannel.id)
  assert.equal(entries.length, 1)
  const { id } = entries[0] as { id: string }
  assert.ok((await knock.messages.setStatus(id, 'archived')).archived_at)
  assert.equal((await knock.users.getFeed('reader', feedChannel.id)).entries.length, 0)
  assert.equal((await knock.messages.deleteStatus(id, 'archived')).archived_at, null)
  assert.ok((await knock.messages.batchSetStatus([id], 'read'))[0]?.read_at)
})

test('an error is of its class and says what is wrong, never (null)', async () => {
  const stranger = new Knock('sk_wrong_12345678', { host: api.url })
  const unauthorized = await errorOf(stranger.users.get('ada'))
  assert.equal(unauthorized.name, 'UnauthorizedException')
  assert.match(unauthorized.message, /not valid here/)
  const missing = await errorOf(knock.workflows.trigger('unknown', { recipients: ['ada'] }))
  assert.equal(missing.name, 'NotFoundException')
  const unprocessable = await errorOf(knock.workflows.trigger('invite', { recipients: ['a/b', { id: '' }] }))
  assert.equal(unprocessable.name, 'UnprocessableEntityException')
  assert.match(unprocessable.message, /recipients\[0\]/)
  assert.doesNotMatch(unprocessable.message, /null|undefined|\[object/)
  await knock.workflows.trigger('invite', { recipients: ['ada'] }, { idempotencyKey: 'mismatch' })
  const mismatch = await errorOf(
    knock.workflows.trigger('invite', { recipients: ['bob'] }, { idempotencyKey: 'mismatch' }),
  )
  assert.equal(mismatch.name, 'BadRequestException')
  assert.match(mismatch.message, /Idempotency-Key/)
})

import Knock, {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  UnprocessableEntityError,
  type APIError,
} from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { triggers } from '../../store/schema/index.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { PUBLIC_KEY, SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { accept, walk } from '../../testing/fixtures/recipient-runs.ts'
import { emailChannel, feedChannel } from '../../testing/fixtures/seed.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'wait', 'mail'], { categories: ['social'] })
let api: ApiServer
let knock: Knock
let keys = 0
before(async () => {
  api = await startApi(catalogOf(version))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: api.url })
})
after(() => api.close())

const freshKey = () => `invite-${(keys += 1)}`

/** A trigger whose in-app message has gone to everyone named, while the mail sleeps. */
async function delivered(recipients: string[], given: Parameters<typeof accept>[4] = {}) {
  const { db } = api.deps.store
  const accepted = await accept(db, version, freshKey(), recipients, given)
  for (const row of accepted.rows) await walk(db, version, row)
  return accepted
}

async function errorOf(call: Promise<unknown>): Promise<APIError & { error: { code: string } }> {
  return call.then(
    () => assert.fail('was answered'),
    (error: unknown) => error as APIError & { error: { code: string } },
  )
}

test('a trigger by cancellation_key is accepted, joined, and canceled in part and then as a whole', async () => {
  const cancellation_key = freshKey()
  const first = await knock.workflows.trigger('invite', {
    recipients: ['ada', { id: 'bob', name: 'Bob', email: 'bob@example.com' }, { collection: 'teams', id: 'red' }],
    actor: 'grace',
    tenant: 'acme',
    cancellation_key,
    data: { plan: 'pro' },
  })
  assert.match(first.workflow_run_id, /^[0-9a-f-]{36}$/)
  const second = await knock.workflows.trigger('invite', { recipients: ['carl'], cancellation_key })
  assert.equal((second as { joined?: boolean }).joined, true)
  // Typed as void; the verdict is there.
  const some = (await knock.workflows.cancel('invite', {
    cancellation_key,
    recipients: ['ada', { collection: 'teams', id: 'red' }],
  })) as unknown as Verdict
  assert.deepEqual(
    some.recipients.map(({ id, outcome }) => [id, outcome]),
    [
      ['ada', 'canceled'],
      [{ collection: 'teams', id: 'red' }, 'canceled'],
    ],
  )
  const all = (await knock.workflows.cancel('invite', { cancellation_key })) as unknown as Verdict
  assert.deepEqual([all.status, all.summary.canceled, all.summary.already_canceled], ['applied', 2, 2])
})

test('the raw response shows the verdict too, and Prefer: return=minimal the bare 204 Knock answers', async () => {
  const cancellation_key = freshKey()
  await knock.workflows.trigger('invite', { recipients: ['ada'], cancellation_key })
  const raw = await knock.workflows.cancel('invite', { cancellation_key }).asResponse()
  assert.equal(((await raw.json()) as Verdict).summary.canceled, 1)
  const bare = knock.workflows.cancel('invite', { cancellation_key }, { headers: { Prefer: 'return=minimal' } })
  const { data, response } = await bare.withResponse()
  assert.deepEqual([response.status, data], [204, null])
})

test('users are updated, merged and read back', async () => {
  const user = await knock.users.update('ada', {
    name: 'Ada',
    email: 'ada@example.com',
    plan: { seats: 2 },
  })
  assert.deepEqual([user.id, user.name, user.email, user['plan']], ['ada', 'Ada', 'ada@example.com', { seats: 2 }])
  await knock.users.update('ada', { name: 'Ada Lovelace' })
  const read = await knock.users.get('ada')
  assert.deepEqual([read.name, read.email], ['Ada Lovelace', 'ada@example.com'])
})

test('messages are listed by what they were sent for, page by page', async () => {
  const data = { plan: 'pro', seats: 2 }
  const { workflowRunId } = await delivered(['m1', 'm2', 'm3'], { tenant: 'acme', data })
  await delivered(['m4'])
  const ids: string[] = []
  for await (const message of knock.messages.list({ workflow_run_id: workflowRunId, page_size: 2 })) {
    assert.equal(message.__typename, 'Message')
    ids.push(message.recipient as string)
  }
  assert.deepEqual(ids.sort(), ['m1', 'm2', 'm3'])
  const found = async (query: object) =>
    (await knock.messages.list({ workflow_run_id: workflowRunId, ...query })).items.length
  assert.equal(await found({ status: ['delivered', 'sent'], channel_id: feedChannel.id, tenant: 'acme' }), 3)
  assert.equal(await found({ trigger_data: JSON.stringify({ plan: 'pro' }), workflow_categories: ['social'] }), 3)
  assert.equal(await found({ source: 'invite', engagement_status: ['unseen', 'unread'] }), 3)
  assert.equal(await found({ status: ['undelivered'] }), 0)
  assert.equal(await found({ inserted_at: { gt: new Date(Date.now() + 60_000).toISOString() } }), 0)
  assert.equal(await found({ channel_id: emailChannel.id }), 0)
  const [message] = (await knock.users.listMessages('m1')).items
  assert.deepEqual((await knock.messages.get(message!.id)).source.workflow_run_id, workflowRunId)
  assert.equal((await knock.messages.getContent(message!.id)).message_id, message!.id)
})

test('a message is archived and unarchived, seen and unseen, by itself and in a batch', async () => {
  await delivered(['status', 'status2'])
  const { items } = await knock.messages.list({ source: 'invite' })
  const ids = items.filter(({ recipient }) => (recipient as string).startsWith('status')).map(({ id }) => id)
  assert.ok((await knock.messages.archive(ids[0]!)).archived_at)
  assert.equal((await knock.messages.unarchive(ids[0]!)).archived_at, null)
  assert.ok((await knock.messages.markAsSeen(ids[0]!)).seen_at)
  assert.equal((await knock.messages.markAsUnseen(ids[0]!)).seen_at, null)
  assert.ok((await knock.messages.markAsInteracted(ids[0]!, { metadata: { button: 1 } })).interacted_at)
  const batch = await knock.messages.batch.archive({ message_ids: ids })
  assert.deepEqual(
    batch.map(({ archived_at }) => archived_at !== null),
    [true, true],
  )
})

test('the feed holds what was delivered, without what a cancel archived', async () => {
  const { message: told } = await delivered(['reader', 'other'])
  assert.equal(told.sleepers.length, 1)
  const feed = await knock.users.feeds.listItems('reader', feedChannel.id, { status: 'all' })
  assert.equal(feed.entries.length, 1)
  assert.equal(feed.entries[0]?.source.key, 'invite')
  const settings = await knock.users.feeds.getSettings('reader', feedChannel.id)
  assert.equal(settings.features.branding_required, false)
  const cancellation_key = `invite-${keys}`
  const body = { cancellation_key, recipients: ['reader'], archive_sent: true }
  const verdict = (await knock.workflows.cancel('invite', body)) as unknown as Verdict
  assert.deepEqual(
    verdict.archived.map(({ id }) => id),
    [feed.entries[0].id],
  )
  assert.equal((await knock.users.feeds.listItems('reader', feedChannel.id)).entries.length, 0)
})

test('recipient runs are listed by workflow and status, with their key', async () => {
  const cancellation_key = freshKey()
  const { workflow_run_id } = await knock.workflows.trigger('invite', { recipients: ['r1', 'r2'], cancellation_key })
  await knock.workflows.cancel('invite', { cancellation_key, recipients: ['r1'] })
  const canceled: string[] = []
  for await (const run of knock.workflowRecipientRuns.list({
    workflow: 'invite',
    status: ['cancelled'],
    recipient: 'r1',
  })) {
    assert.equal(run.trigger_source.cancellation_key, cancellation_key)
    assert.equal(run.workflow_run_id, workflow_run_id)
    canceled.push(run.id)
  }
  assert.equal(canceled.length, 1)
  assert.equal((await knock.workflowRecipientRuns.get(canceled[0]!)).status, 'cancelled')
})

test('an error is of its class, has its code, and names what is wrong', async () => {
  const trigger = (body: object, workflow = 'invite', by = knock) =>
    errorOf(by.workflows.trigger(workflow, body as { recipients: string[] }))
  const unprocessable = await trigger({ recipients: [{ id: 'a/b' }] })
  assert.ok(unprocessable instanceof UnprocessableEntityError)
  assert.equal(unprocessable.error.code, 'invalid_params')
  assert.match(unprocessable.message, /recipients\[0\]\.id/)
  const missing = await trigger({ recipients: ['ada'] }, 'unknown')
  assert.ok(missing instanceof NotFoundError)
  assert.equal(missing.error.code, 'workflow_missing')
  assert.ok((await errorOf(knock.messages.get('x'))) instanceof NotFoundError)
  assert.ok((await errorOf(knock.users.get('nobody'))) instanceof NotFoundError)
  const stranger = new Knock({ apiKey: 'sk_wrong_12345678', baseURL: api.url })
  assert.ok((await trigger({ recipients: ['ada'] }, 'invite', stranger)) instanceof AuthenticationError)
  const browser = new Knock({ apiKey: PUBLIC_KEY, baseURL: api.url })
  assert.ok((await trigger({ recipients: ['ada'] }, 'invite', browser)) instanceof PermissionDeniedError)
  const options = { idempotencyKey: freshKey() }
  await knock.workflows.trigger('invite', { recipients: ['ada'] }, options)
  const mismatch = await errorOf(knock.workflows.trigger('invite', { recipients: ['bob'] }, options))
  assert.ok(mismatch instanceof BadRequestError)
  assert.match(mismatch.message, /Idempotency-Key/)
})

test('the SDK’s own retry after a lost answer triggers once, and gets the first verdict of a cancel', async () => {
  const keysSent: (string | null)[] = []
  let lost = 0
  const lossy = new Knock({
    apiKey: SECRET_KEY,
    baseURL: api.url,
    async fetch(url, init) {
      const answer = await fetch(url, init)
      keysSent.push(new Headers(init?.headers).get('idempotency-key'))
      lost += 1
      if (lost % 2 === 1) throw new TypeError('fetch failed')
      return answer
    },
  })
  const cancellation_key = freshKey()
  const before = await api.deps.store.db.$count(triggers)
  const { data, response } = await lossy.workflows
    .trigger('invite', { recipients: ['ada'], cancellation_key })
    .withResponse()
  assert.equal((await api.deps.store.db.$count(triggers)) - before, 1)
  assert.equal((data as { joined?: boolean }).joined, undefined)
  assert.equal(response.headers.get('idempotent-replayed'), 'true')
  const verdict = (await lossy.workflows.cancel('invite', { cancellation_key })) as unknown as Verdict
  assert.deepEqual([verdict.summary.canceled, verdict.summary.already_canceled], [1, 0])
  assert.ok(keysSent.every((key) => key !== null))
  assert.deepEqual([keysSent[0] === keysSent[1], keysSent[2] === keysSent[3], keysSent.length], [true, true, 4])
})

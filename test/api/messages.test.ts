import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { z } from 'zod'
import type { FieldError } from '../../api/http/errors.ts'
import type { message } from '../../resources/message.ts'
import { cursorOf } from '../../resources/page.ts'
import type { Database } from '../../store/postgres/database.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { toRetry, tryMessage } from '../../testing/fixtures/recipient-runs.ts'
import {
  catalog,
  emailChannel,
  feedChannel,
  seedChannels,
  seedMessage,
  seedTrigger,
} from '../../testing/fixtures/seed.ts'

let api: ApiServer
let db: Database
before(async () => {
  api = await startApi(catalog)
  db = api.deps.store.db
  await seedChannels(db)
})
after(() => api.close())

type Message = z.output<typeof message>
interface List {
  items: Message[]
  page_info: { after: string | null; before: string | null; page_size: number }
}

async function list(query: string, path = '/v1/messages'): Promise<List> {
  const answer = await api.call('GET', `${path}?${query}`)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as List
}
const found = async (query: string) => (await list(query)).items.map(({ id }) => id)

async function refused(query: string): Promise<string[]> {
  const answer = await api.call('GET', `/v1/messages?${query}`)
  assert.equal(answer.status, 422)
  return (answer.body as { errors: FieldError[] }).errors.map(({ field }) => field)
}

test('a message tells where it came from, to whom it went and how that ended', async () => {
  const [run] = await seedTrigger(db, {
    recipients: ['shape'],
    actor: 'teams#red',
    tenant: 'acme',
    categories: ['social'],
    data: { plan: 'pro', seats: 2 },
    triggerData: { seats: 3 },
    acceptedAt: new Date('2026-01-01T00:00:00Z'),
  })
  const insertedAt = new Date('2026-01-02T00:00:00.123Z')
  const id = await seedMessage(db, run!, {
    step: 2,
    status: 'undelivered',
    reason: 'mailbox full',
    externalId: 'x1',
    insertedAt,
  })
  const { channel, source, ...rest } = (await api.call('GET', `/v1/messages/${id}`)).body as Message
  assert.deepEqual(rest, {
    __typename: 'Message',
    id,
    channel_id: emailChannel.id,
    recipient: 'shape',
    actors: [{ collection: 'teams', id: 'red' }],
    workflow: 'new-comment',
    tenant: 'acme',
    data: { plan: 'pro', seats: 3 },
    metadata: { external_id: 'x1' },
    status: 'undelivered',
    reason: 'mailbox full',
    engagement_statuses: [],
    seen_at: null,
    read_at: null,
    interacted_at: null,
    link_clicked_at: null,
    clicked_at: null,
    archived_at: null,
    scheduled_at: null,
    inserted_at: '2026-01-02T00:00:00.123Z',
    updated_at: '2026-01-02T00:00:00.123Z',
  })
  const { version_id, ...origin } = source
  assert.match(version_id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(origin, {
    __typename: 'NotificationSource',
    type: 'workflow',
    key: 'new-comment',
    categories: ['social'],
    step_ref: 'mail',
    workflow_run_id: run!.trigger.workflowRunId,
    workflow_recipient_run_id: run!.uuid,
  })
  assert.equal(channel?.key, 'smtp')
  assert.equal(channel.type, 'email')
})

test('the content of a message is what was rendered', async () => {
  const [run] = await seedTrigger(db, { recipients: ['content'] })
  const content = { to: 'a@example.com', from: 'b@example.com', subject_line: 'Hi', html_body: '<p>Hi</p>' }
  const id = await seedMessage(db, run!, { step: 2, content })
  const body = (await api.call('GET', `/v1/messages/${id}/content`)).body as Record<string, unknown>
  const unset = { cc: null, bcc: null, reply_to: null, text_body: '' }
  assert.deepEqual(body['data'], { __typename: 'MessageEmailContent', ...content, ...unset })
  assert.equal(body['message_id'], id)
})

interface Events {
  items: { id: string; type: string; inserted_at: string }[]
  page_info: { after: string | null; before: string | null; page_size: number }
}

test('events run from creation over delivery to what the reader did, each at its own instant under an id of its own', async () => {
  const [run] = await seedTrigger(db, { recipients: ['events'] })
  const ago = (ms: number) => new Date(api.clock.now - ms)
  const [insertedAt, settledAt, readAt] = [ago(60_000), ago(30_000), ago(0)]
  const id = await seedMessage(db, run!, { insertedAt, settledAt, updatedAt: settledAt })
  await api.call('PUT', `/v1/messages/${id}/read`)
  api.clock.now += 1_000
  await api.call('DELETE', `/v1/messages/${id}/read`)
  const read = async () => ((await api.call('GET', `/v1/messages/${id}/events`)).body as Events).items
  const items = await read()
  assert.deepEqual(
    items.map(({ type, inserted_at }) => [type, inserted_at]),
    [
      ['message.created', insertedAt],
      ['message.delivered', settledAt],
      ['message.seen', readAt],
      ['message.read', readAt],
      ['message.unread', ago(0)],
    ].map(([type, at]) => [type, (at as Date).toISOString()]),
  )
  for (const item of items) assert.match(item.id, /^[0-9A-Za-z]{27}$/)
  assert.equal(new Set([id, ...items.map((item) => item.id)]).size, items.length + 1)
  assert.deepEqual(await read(), items)
})

test('a try that was not answered is one event, also where the message ends with it', async () => {
  const [run] = await seedTrigger(db, { recipients: ['unanswered'] })
  const id = await seedMessage(db, run!, { step: 2, status: 'queued' })
  await tryMessage(db, run!.row, 2, toRetry(api.clock.now))
  await tryMessage(db, run!.row, 2, { kind: 'delivery_attempted', reason: 'no answer' })
  const { items } = (await api.call('GET', `/v1/messages/${id}/events`)).body as {
    items: { type: string; data: object | null }[]
  }
  assert.deepEqual(
    items.map(({ type, data }) => [type, data]),
    [
      ['message.created', null],
      ['message.delivery_attempted', { attempt: 1, reason: 'busy' }],
      ['message.delivery_attempted', { attempt: 2, reason: 'no answer' }],
    ],
  )
  assert.equal(((await api.call('GET', `/v1/messages/${id}`)).body as { status: string }).status, 'delivery_attempted')
})

test('events come in pages, in both directions, which stay put while more happens', async () => {
  const [run] = await seedTrigger(db, { recipients: ['event-pages'] })
  const insertedAt = new Date(api.clock.now - 1_000)
  const id = await seedMessage(db, run!, { insertedAt, settledAt: insertedAt })
  const path = `/v1/messages/${id}/events`
  const page = async (query: string) => (await api.call('GET', `${path}?${query}`)).body as Events
  for (const method of ['PUT', 'DELETE', 'PUT']) await api.call(method, `/v1/messages/${id}/archived`)
  const all = (await page('')).items
  assert.equal(all.length, 5)
  const first = await page('page_size=2')
  assert.deepEqual([first.items, first.page_info.before, first.page_info.page_size], [all.slice(0, 2), null, 2])
  await api.call('DELETE', `/v1/messages/${id}/archived`)
  const second = await page(`page_size=2&after=${first.page_info.after}`)
  assert.deepEqual(second.items, all.slice(2, 4))
  const third = await page(`page_size=2&after=${second.page_info.after}`)
  assert.deepEqual([third.items[0], third.items.length, third.page_info.after], [all[4], 2, null])
  const back = await page(`page_size=3&before=${third.page_info.before}`)
  assert.deepEqual(back.items, all.slice(1, 4))
  assert.deepEqual((await page(`page_size=3&before=${back.page_info.before}`)).items, all.slice(0, 1))
  const wrong = await api.call('GET', `${path}?page_size=zz&after=${cursorOf([id])}`)
  assert.deepEqual(
    (wrong.body as { errors: FieldError[] }).errors.map(({ field }) => field),
    ['page_size'],
  )
  assert.equal((await api.call('GET', `${path}?after=${cursorOf([id])}`)).status, 422)
})

test('an id that is no message, or only looks like one, is missing', async () => {
  const [run] = await seedTrigger(db, { recipients: ['missing'] })
  const id = await seedMessage(db, run!)
  // The same row and step, under another trigger's identity.
  const forged = (id.startsWith('3') ? '2' : '3') + id.slice(1)
  for (const wrong of ['nothing', forged, '0'.repeat(27), 'z'.repeat(27)]) {
    for (const part of ['', '/content', '/events']) {
      assert.equal((await api.call('GET', `/v1/messages/${wrong}${part}`)).status, 404)
    }
    assert.equal((await api.call('PUT', `/v1/messages/${wrong}/seen`)).status, 404)
  }
  assert.deepEqual(await found(`message_ids[]=${forged}&message_ids[]=nothing&message_ids[]=${id}`), [id])
})

test('each filter narrows the list to what it says', async () => {
  const both = ['filter-a', 'filter-b']
  const [a, b] = await seedTrigger(db, {
    definition: 'filtered',
    categories: ['alpha', 'beta'],
    recipients: both,
    tenant: 't1',
    data: { plan: 'pro', seats: 2, deep: { x: 1 }, none: null },
    acceptedAt: new Date('2026-03-01T00:00:00Z'),
  })
  const [c] = await seedTrigger(db, {
    definition: 'filtered',
    categories: ['gamma'],
    recipients: ['filter-c'],
    acceptedAt: new Date('2026-03-02T00:00:00Z'),
  })
  const feedA = await seedMessage(db, a!, { seenAt: new Date() })
  const mailA = await seedMessage(db, a!, { step: 2, status: 'not_sent', archivedAt: new Date() })
  const feedB = await seedMessage(db, b!)
  const feedC = await seedMessage(db, c!)
  const of = async (query: string) => (await found(`source=filtered&${query}`)).sort()
  const same = async (query: string, ids: string[]) => assert.deepEqual(await of(query), ids.sort(), query)

  await same('', [feedA, mailA, feedB, feedC])
  await same('tenant=t1', [feedA, mailA, feedB])
  await same(`channel_id=${emailChannel.id}`, [mailA])
  await same('channel_id=smtp', [mailA])
  await same(`channel_id=${randomUUID()}`, [])
  await same('status[]=not_sent', [mailA])
  await same('status=not_sent', [mailA])
  await same('status[0]=not_sent&status[1]=delivered', [feedA, mailA, feedB, feedC])
  await same('engagement_status[]=seen', [feedA])
  await same('engagement_status[]=seen&engagement_status[]=archived', [feedA, mailA])
  await same('engagement_status[]=unarchived', [feedA, feedB, feedC])
  await same(`message_ids[]=${feedA}&message_ids[]=${feedC}`, [feedA, feedC])
  await same('workflow_categories[]=beta&workflow_categories[]=gamma', [feedA, mailA, feedB, feedC])
  await same('workflow_categories[]=beta', [feedA, mailA, feedB])
  await same(`workflow_run_id=${a!.trigger.workflowRunId}`, [feedA, mailA, feedB])
  await same(`workflow_recipient_run_id=${b!.uuid}`, [feedB])
  await same(`workflow_recipient_run_id=${b!.uuid.toUpperCase()}`, [feedB])
  await same(`workflow_recipient_run_id=${randomUUID()}`, [])
  const json = (value: unknown) => `trigger_data=${encodeURIComponent(JSON.stringify(value))}`
  await same(json({ plan: 'pro' }), [feedA, mailA, feedB])
  await same(json({ plan: 'pro', seats: 2 }), [feedA, mailA, feedB])
  await same(json({ seats: '2' }), [])
  await same(json({ none: null }), [feedA, mailA, feedB])
  await same('trigger_data[plan]=pro&trigger_data[seats]=2', [feedA, mailA, feedB])
  await same('trigger_data[plan]=free', [])
  await same('inserted_at.gt=2026-03-01T00:00:00Z', [feedC])
  await same('inserted_at[gte]=2026-03-01T00:00:00Z&inserted_at[lt]=2026-03-02T00:00:00Z', [feedA, mailA, feedB])
  await same('inserted_at.lte=2026-03-01T01:00:00%2B01:00', [feedA, mailA, feedB])

  const mine = await list('status[]=delivered', '/v1/users/filter-a/messages')
  assert.deepEqual(
    mine.items.map(({ id }) => id),
    [feedA],
  )
  assert.deepEqual((await list('', '/v1/users/nobody/messages')).items, [])
})

test('a filter that cannot be read is refused by its name', async () => {
  assert.deepEqual(await refused('status[]=lost'), ['status[0]'])
  assert.deepEqual(await refused('channel_id=carrier-pigeon'), ['channel_id'])
  assert.deepEqual(await refused('workflow_run_id=1'), ['workflow_run_id'])
  assert.deepEqual(await refused('inserted_at.gt=yesterday'), ['inserted_at.gt'])
  assert.deepEqual(await refused('inserted_at[after]=2026-03-01T00:00:00Z'), ['inserted_at.after'])
  assert.deepEqual(await refused('trigger_data=%7B'), ['trigger_data'])
  assert.deepEqual(await refused('trigger_data=%7B%22a%22%3A%7B%7D%7D'), ['trigger_data'])
  assert.deepEqual(await refused('trigger_data[a][b]=1'), ['trigger_data'])
  assert.deepEqual(await refused('page_size=0'), ['page_size'])
  assert.deepEqual(await refused('page_size=51'), ['page_size'])
  assert.deepEqual(await refused('after=nothing&before=bm90aGluZw'), ['after', 'before'])
  const ids = Array.from({ length: 51 }, (_, i) => `message_ids[]=${i}`).join('&')
  assert.deepEqual(await refused(ids), ['message_ids'])
})

test('pages follow each other without a gap or a repeat while messages are added, also within one instant', async () => {
  const acceptedAt = new Date('2026-02-01T00:00:00Z')
  const seeded = await seedTrigger(db, { recipients: Array(7).fill('pages') as string[], acceptedAt })
  const ids: string[] = []
  for (const run of seeded) ids.push(await seedMessage(db, run))
  const newestFirst = [...ids].reverse()
  const path = '/v1/users/pages/messages'

  const first = await list('page_size=3', path)
  assert.deepEqual(
    first.items.map(({ id }) => id),
    newestFirst.slice(0, 3),
  )
  assert.equal(first.page_info.before, null)
  const [late] = await seedTrigger(db, { recipients: ['pages'], acceptedAt: new Date('2026-02-02T00:00:00Z') })
  const lateId = await seedMessage(db, late!)
  const second = await list(`page_size=3&after=${first.page_info.after}`, path)
  assert.deepEqual(
    second.items.map(({ id }) => id),
    newestFirst.slice(3, 6),
  )
  const third = await list(`page_size=3&after=${second.page_info.after}`, path)
  assert.deepEqual(
    third.items.map(({ id }) => id),
    newestFirst.slice(6),
  )
  assert.equal(third.page_info.after, null)

  const back = await list(`page_size=3&before=${third.page_info.before}`, path)
  assert.deepEqual(
    back.items.map(({ id }) => id),
    newestFirst.slice(3, 6),
  )
  const more = await list(`page_size=3&before=${back.page_info.before}`, path)
  assert.deepEqual(
    more.items.map(({ id }) => id),
    newestFirst.slice(0, 3),
  )
  const newest = await list(`page_size=3&before=${more.page_info.before}`, path)
  assert.deepEqual(
    newest.items.map(({ id }) => id),
    [lateId],
  )
  assert.equal(newest.page_info.before, null)
})

test('a page is cut between two microseconds, and an inserted_at that was read can be asked for', async () => {
  const [one, two] = await seedTrigger(db, { recipients: ['micro', 'micro'] })
  const ids = [await seedMessage(db, one!), await seedMessage(db, two!)]
  await db.execute(
    `update messages set inserted_at = '2026-02-03T00:00:00Z'::timestamptz + interval '1 microsecond' * (recipient_run_id % 16384)
     where recipient = 'micro'`,
  )
  const path = '/v1/users/micro/messages'
  const first = await list('page_size=1', path)
  assert.equal(first.items[0]?.id, ids[1])
  assert.equal(first.items[0]!.inserted_at, '2026-02-03T00:00:00.000001Z')
  const second = await list(`page_size=1&after=${first.page_info.after}`, path)
  assert.equal(second.items[0]?.id, ids[0])
  assert.deepEqual(
    (await list(`inserted_at.lt=${first.items[0]!.inserted_at}`, path)).items.map(({ id }) => id),
    [ids[0]],
  )
})

test('a status is set and cleared, any number of times, and told by its instant', async () => {
  const [run] = await seedTrigger(db, { recipients: ['status'] })
  const id = await seedMessage(db, run!)
  const put = async (status: string, options = {}) =>
    (await api.call('PUT', `/v1/messages/${id}/${status}`, options)).body as Message
  const clear = async (status: string) => (await api.call('DELETE', `/v1/messages/${id}/${status}`)).body as Message

  const seen = await put('seen')
  assert.equal(seen.seen_at, new Date(api.clock.now).toISOString())
  assert.equal(seen.updated_at, seen.seen_at)
  api.clock.now += 1_000
  assert.deepEqual(await put('seen', { body: '', headers: { 'content-type': 'application/json' } }), seen)
  assert.deepEqual(await put('seen', { body: {} }), seen)

  const archived = await put('archived')
  assert.deepEqual(archived.engagement_statuses, ['seen', 'archived'])
  assert.equal(archived.archived_at, new Date(api.clock.now).toISOString())
  const unseen = await clear('seen')
  assert.equal(unseen.seen_at, null)
  assert.deepEqual(await clear('seen'), unseen)
  assert.equal((await clear('archived')).archived_at, null)

  const events = await db.query.messageEvents.findMany({ where: (event, { eq }) => eq(event.recipientRunId, run!.row) })
  assert.deepEqual(
    events.map(({ type }) => type),
    ['seen', 'archived', 'unseen', 'unarchived'],
  )
})

test('what is read counts as seen, what is interacted with as both', async () => {
  const [one, two] = await seedTrigger(db, { recipients: ['adds', 'adds'] })
  const read = await seedMessage(db, one!, { seenAt: new Date('2026-01-01T00:00:00Z') })
  const body = (await api.call('PUT', `/v1/messages/${read}/read`)).body as Message
  assert.deepEqual(body.engagement_statuses, ['seen', 'read'])
  assert.equal(body.seen_at, '2026-01-01T00:00:00.000Z')

  const touched = await seedMessage(db, two!)
  const path = `/v1/messages/${touched}/interacted`
  await api.call('PUT', path, { body: { metadata: { button: 'buy' } } })
  api.clock.now += 1_000
  const again = (await api.call('PUT', path)).body as Message
  assert.deepEqual(again.engagement_statuses, ['seen', 'read', 'interacted'])
  assert.equal(again.interacted_at, new Date(api.clock.now).toISOString())
  const events = await db.query.messageEvents.findMany({ where: (event, { eq }) => eq(event.recipientRunId, two!.row) })
  assert.deepEqual(
    events.filter(({ type }) => type === 'interacted').map(({ data }) => data),
    [{ button: 'buy' }, null],
  )
  const six = { metadata: { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 } }
  assert.equal((await api.call('PUT', path, { body: six })).status, 422)
  assert.equal((await api.call('PUT', path, { body: { metadata: { a: {} } } })).status, 422)
})

test('a batch answers a bare list in the order of its ids, each message once, and leaves out strangers', async () => {
  const seeded = await seedTrigger(db, { recipients: ['batch', 'batch'] })
  const [a, b] = [await seedMessage(db, seeded[0]!), await seedMessage(db, seeded[1]!)]
  const batch = async (action: string, body: unknown) => api.call('POST', `/v1/messages/batch/${action}`, { body })
  for (const [action, column, set] of [
    ['seen', 'seen_at', true],
    ['unseen', 'seen_at', false],
    ['read', 'read_at', true],
    ['unread', 'read_at', false],
    ['archived', 'archived_at', true],
    ['unarchived', 'archived_at', false],
    ['interacted', 'interacted_at', true],
  ] as const) {
    const body = (await batch(action, { message_ids: [b, 'nothing', a, b] })).body as Message[]
    assert.deepEqual(
      body.map(({ id }) => id),
      [b, a],
    )
    assert.ok(
      body.every((each) => (each[column] !== null) === set),
      action,
    )
  }
  assert.equal((await batch('seen', { message_ids: [] })).status, 422)
  assert.equal((await batch('seen', {})).status, 422)
})

test('a message to an object, in a channel no longer published, is shown all the same', async () => {
  const [run] = await seedTrigger(db, { recipients: ['teams#red#2'] })
  const id = await seedMessage(db, run!, { channelId: randomUUID() })
  const body = (await api.call('GET', `/v1/messages/${id}`)).body as Message
  assert.deepEqual(body.recipient, { collection: 'teams', id: 'red#2' })
  assert.equal(body.channel, undefined)
  assert.notEqual(body.channel_id, feedChannel.id)
})

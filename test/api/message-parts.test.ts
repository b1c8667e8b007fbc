import Knock from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routes } from '../../api/routes/index.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import type { Database } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { deliveryLogs } from '../../store/schema/index.ts'
import { forgetDeliveryLogs } from '../../store/messages/delivery-logs.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { Digests } from '../../testing/fixtures/digests.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { bodyBlock, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

const window = { batch_window: { unit: 'minutes', value: 10 } }
const catalog = await catalogOfFiles({
  digest: {
    steps: [{ ref: 'batch_1', type: 'batch', settings: window }, feedStep('digest', '{{ total_activities }}')],
  },
})

let api: ApiServer
let db: Database
let knock: Knock
before(async () => {
  api = await startApi(catalog)
  db = api.deps.store.db
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: api.url })
  await publishCatalog(db, catalog)
})
after(() => api.close())

test('a path with literal parts is never taken for one with names', () => {
  // As express finds a route: the first that matches, those with the fewest names before.
  const byNames = [...routes].sort((a, b) => a.path.split(':').length - b.path.split(':').length)
  for (const route of routes) {
    const found = byNames.find(
      ({ method, path }) =>
        method === route.method && new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(route.path),
    )
    assert.equal(found?.path, route.path)
  }
})

const contents: [type: string, content: JsonObject, shown: JsonObject][] = [
  [
    'in_app_feed',
    { blocks: [bodyBlock('Hi')] as never },
    { __typename: 'MessageInAppFeedContent', blocks: [bodyBlock('Hi')] as never },
  ],
  [
    'email',
    { subject_line: 'S', html_body: '<p>', text_body: null },
    {
      __typename: 'MessageEmailContent',
      ...{ subject_line: 'S', html_body: '<p>', text_body: '', from: '', to: '' },
      ...{ cc: null, bcc: null, reply_to: null },
    },
  ],
  [
    'sms',
    { to: null, body: 'B', payload_overrides: null },
    { __typename: 'MessageSmsContent', to: '', body: 'B', payload_overrides: null },
  ],
  [
    'push',
    { title: 'T', body: 'B', delivery_type: 'content', payload_overrides: { badge: 1 } },
    {
      __typename: 'MessagePushContent',
      ...{ token: '', title: 'T', body: 'B', data: { badge: 1 } },
      ...{ delivery_type: 'content', payload_overrides: { badge: 1 } },
    },
  ],
  [
    'chat',
    { template: { blocks: [], json_content: null, summary: null } },
    {
      __typename: 'MessageChatContent',
      ...{ connection: {}, metadata: null, template: { blocks: [], json_content: null, summary: null } },
    },
  ],
  [
    'http',
    { method: 'get', url: 'https://example.com/' },
    { __typename: 'MessageHttpContent', method: 'get', url: 'https://example.com/' },
  ],
]

test('each content says what it is, with what typed clients require of it, one by one and in a batch', async () => {
  const runs = await seedTrigger(db, { recipients: contents.map((_, i) => `reader${i}`) })
  const ids = await Promise.all(
    contents.map(([channelType, content], i) => seedMessage(db, runs[i]!, { channelType, content })),
  )
  for (const [i, [, , shown]] of contents.entries()) {
    const content = await knock.messages.getContent(ids[i]!)
    assert.deepEqual([content.message_id, content.data], [ids[i], shown])
  }
  const backwards = [...ids].reverse()
  const all = await knock.messages.batch.getContent({ message_ids: [...backwards, 'unknown', backwards[0]!] })
  assert.deepEqual(
    all.map(({ message_id, data }) => [message_id, data.__typename]),
    backwards.map((id, i) => [id, contents[contents.length - 1 - i]![2]['__typename']]),
  )
  const none = await api.call('GET', '/v1/messages/batch/content')
  assert.deepEqual(assertRefused(none, 422, 'invalid_params'), ['message_ids required'])
})

test('contents of more than 8 MB together are refused, one of them is answered', async () => {
  const runs = await seedTrigger(db, { recipients: ['l1', 'l2'] })
  const content = { blocks: [bodyBlock('x'.repeat(5_000_000))] as never }
  const ids = await Promise.all(runs.map((run) => seedMessage(db, run, { content })))
  const both = await api.call('GET', `/v1/messages/batch/content?message_ids[]=${ids[0]}&message_ids[]=${ids[1]}`)
  assert.deepEqual(assertRefused(both, 422, 'invalid_params'), ['message_ids length'])
  assert.equal((await knock.messages.getContent(ids[0]!)).message_id, ids[0])
})

test('a message of one trigger has that as its activity, with its actor', async () => {
  await upsertUsers(db, [{ id: 'grace', properties: { name: 'Grace' } }])
  const [run] = await seedTrigger(db, { recipients: ['solo'], actor: 'grace', data: { plan: 'pro' } })
  const id = await seedMessage(db, run!)
  const { items } = await knock.messages.listActivities(id)
  assert.equal(items.length, 1)
  const [{ actor, recipient, data }] = items as unknown as [
    { actor: { name: string }; recipient: { id: string }; data: object },
  ]
  assert.deepEqual([actor.name, recipient.id, data], ['Grace', 'solo', { plan: 'pro' }])
  assert.equal((await knock.messages.listActivities(id, { trigger_data: '{"plan":"free"}' })).items.length, 0)
  const missing = await api.call('GET', '/v1/messages/nothing/activities')
  assertRefused(missing, 404, 'resource_missing')
})

test('a digest has its activities, page by page in both directions, without what was canceled', async () => {
  const T = Date.UTC(2030, 0, 1)
  const story = new Digests(db, catalog, 'digest')
  const [carrier] = [
    await story.come(T, 'a', { n: 1 }, { recipient: 'many', actor: 'x' }),
    await story.come(T + 1, 'b', { n: 2 }, { recipient: 'many' }),
    await story.come(T + 2, 'c', { n: 3 }, { recipient: 'many', actor: 'y' }),
    await story.come(T + 3, 'd', { n: 4 }, { recipient: 'many' }),
  ]
  await story.cancel(T + 4, 'b')
  await story.wake(T + 600_000, carrier)
  const { id } = (await knock.users.listMessages('many')).items[0]!
  const numbers = async (query: object) => {
    const page = await knock.messages.listActivities(id, query)
    const { after, before } = page.page_info as { after: string | null; before: string | null }
    return { of: page.items.map(({ data }) => data!['n']), after, before }
  }
  assert.deepEqual((await numbers({})).of, [1, 3, 4])
  const first = await numbers({ page_size: 2 })
  assert.deepEqual([first.of, first.before], [[1, 3], null])
  const second = await numbers({ page_size: 2, after: first.after! })
  assert.deepEqual([second.of, second.after], [[4], null])
  assert.deepEqual((await numbers({ page_size: 2, before: second.before! })).of, [1, 3])
  assert.deepEqual((await numbers({ trigger_data: '{"n":3}' })).of, [3])
  const { items } = await knock.messages.listActivities(id)
  const ids = new Set(items.map((each) => each.id))
  assert.equal(ids.size, 3)
})

test('what is on record of a try is kept for 30 days', async () => {
  const [run] = await seedTrigger(db, { recipients: ['logged'] })
  const id = await seedMessage(db, run!)
  const exchange = { request: { method: 'POST', host: 'a.example', path: null }, response: null }
  const given = { recipientRunId: run!.row, number: 1, service: 'twilio', insertedAt: new Date(api.clock.now) }
  await db.insert(deliveryLogs).values([
    { ...given, outcome: 'unknown', reply: 'no answer', exchanges: [exchange] as never },
    { ...given, outcome: 'sent', reply: 'SM1', exchanges: null },
  ])
  const { items } = await knock.messages.listDeliveryLogs(id)
  assert.deepEqual(
    items.map(({ request, response }) => [request.host, response.status, response.body]),
    [
      ['a.example', null, 'no answer'],
      [null, null, 'SM1'],
    ],
  )
  const { items: first, page_info } = await knock.messages.listDeliveryLogs(id, { page_size: 1 })
  assert.deepEqual([first.length, first[0]!.id], [1, items[0]!.id])
  const { items: second } = await knock.messages.listDeliveryLogs(id, { page_size: 1, after: page_info.after! })
  assert.equal(second[0]!.id, items[1]!.id)
  await forgetDeliveryLogs(db, api.clock.now + 30 * 86_400_000)
  assert.equal((await knock.messages.listDeliveryLogs(id)).items.length, 2)
  await forgetDeliveryLogs(db, api.clock.now + 30 * 86_400_000 + 1)
  assert.equal((await knock.messages.listDeliveryLogs(id)).items.length, 0)
})

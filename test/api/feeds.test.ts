import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { z } from 'zod'
import type { feed } from '../../resources/feed.ts'
import type { Database } from '../../store/postgres/database.ts'
import { upsertObjects } from '../../store/profiles/objects.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import {
  bodyBlock,
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

type Feed = z.output<typeof feed>

async function read(user: string, query = '', channel = feedChannel.id): Promise<Feed> {
  const answer = await api.call('GET', `/v1/users/${user}/feeds/${channel}?${query}`)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as Feed
}

const counts = ({ meta }: Feed) => [meta.total_count, meta.unread_count, meta.unseen_count]
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))

test('an id never seen has an empty feed', async () => {
  assert.deepEqual(await read('nobody'), {
    entries: [],
    vars: {},
    meta: { __typename: 'FeedMetadata', total_count: 0, unread_count: 0, unseen_count: 0 },
    page_info: { __typename: 'PageInfo', after: null, before: null, page_size: 50 },
  })
})

test('an item shows what was rendered, who did it and to whom', async () => {
  await upsertUsers(db, [
    { id: 'shape', properties: { name: 'Ada' } },
    { id: 'actor', properties: { name: 'Grace', avatar: 'https://example.com/g.png', team: { id: 1 } } },
  ])
  const [run] = await seedTrigger(db, {
    recipients: ['shape'],
    actor: 'actor',
    tenant: 'acme',
    categories: ['social'],
    data: { plan: 'pro', page: { id: 1 }, list: [1], none: null },
    acceptedAt: at(0),
  })
  const id = await seedMessage(db, run!, { content: { blocks: [bodyBlock('Hi Ada')] } })

  const [item] = (await read('shape')).entries
  const { __cursor, activities, actors, source, ...rest } = item!
  assert.deepEqual(rest, {
    __typename: 'FeedItem',
    id,
    blocks: [bodyBlock('Hi Ada')],
    data: { plan: 'pro', page: { id: 1 }, list: [1], none: null },
    tenant: 'acme',
    total_activities: 1,
    total_actors: 1,
    seen_at: null,
    read_at: null,
    interacted_at: null,
    clicked_at: null,
    link_clicked_at: null,
    archived_at: null,
    inserted_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
  })
  assert.ok(__cursor.length > 0)
  assert.equal(actors[0]?.id, 'actor')
  assert.deepEqual([actors[0]['name'], actors[0]['avatar']], ['Grace', 'https://example.com/g.png'])
  assert.deepEqual([source.key, source.categories], ['new-comment', ['social']])
  assert.equal(activities?.[0]?.recipient.name, 'Ada')
  assert.deepEqual(activities[0].actor, actors[0])

  const [compact] = (await read('shape', 'mode=compact')).entries
  assert.deepEqual(compact?.data, { plan: 'pro', none: null })
  assert.equal(compact.activities, undefined)
  assert.equal(compact.total_activities, undefined)
  assert.equal(compact.actors[0]?.id, 'actor')
  assert.deepEqual((await read('shape', '', feedChannel.key)).entries, [item])
})

test('an actor may be an object, or somebody never stored', async () => {
  await upsertObjects(db, [{ collection: 'teams', id: 'r#1', properties: { name: 'Red' } }])
  const [one] = await seedTrigger(db, { recipients: ['actors'], actor: 'teams#r#1', acceptedAt: at(1) })
  const [two] = await seedTrigger(db, { recipients: ['actors'], actor: 'stranger', acceptedAt: at(0) })
  await seedMessage(db, one!)
  await seedMessage(db, two!)
  const [object, stranger] = (await read('actors')).entries.map(({ actors }) => actors[0]!)
  assert.equal(object?.__typename, 'Object')
  assert.deepEqual([object['collection'], object.id, object['properties']], ['teams', 'r#1', { name: 'Red' }])
  assert.deepEqual([stranger?.__typename, stranger?.id, stranger?.['name']], ['User', 'stranger', null])
})

test('only what reached this feed is in it', async () => {
  const [run, other] = await seedTrigger(db, { recipients: ['mine', 'other'] })
  const id = await seedMessage(db, run!)
  await seedMessage(db, run!, { step: 2 })
  await seedMessage(db, other!)
  const [sandboxed] = await seedTrigger(db, { recipients: ['mine'] })
  await seedMessage(db, sandboxed!, { status: 'not_sent' })
  const mine = await read('mine')
  assert.deepEqual(
    mine.entries.map((entry) => entry.id),
    [id],
  )
  assert.deepEqual(counts(mine), [1, 1, 1])
})

test('status and archived choose items; the counts follow every filter but status', async () => {
  const seeded = await seedTrigger(db, { recipients: Array(4).fill('engaged') as string[], acceptedAt: at(0) })
  const [fresh, seen, readOne, archived] = seeded
  const ids = {
    fresh: await seedMessage(db, fresh!),
    seen: await seedMessage(db, seen!, { seenAt: at(1) }),
    read: await seedMessage(db, readOne!, { seenAt: at(1), readAt: at(1) }),
    archived: await seedMessage(db, archived!, { archivedAt: at(1) }),
  }
  const shown = async (query: string) => (await read('engaged', query)).entries.map(({ id }) => id).sort()
  const same = async (query: string, names: (keyof typeof ids)[]) =>
    assert.deepEqual(await shown(query), names.map((name) => ids[name]).sort(), query)
  await same('', ['fresh', 'seen', 'read'])
  await same('status=all', ['fresh', 'seen', 'read'])
  await same('status=unseen', ['fresh'])
  await same('status=seen', ['seen', 'read'])
  await same('status=unread', ['fresh', 'seen'])
  await same('status=read', ['read'])
  await same('archived=include', ['fresh', 'seen', 'read', 'archived'])
  await same('archived=only', ['archived'])
  await same('archived=only&status=read', [])
  assert.deepEqual(counts(await read('engaged')), [3, 2, 1])
  assert.deepEqual(counts(await read('engaged', 'status=read&page_size=1')), [3, 2, 1])
  assert.deepEqual(counts(await read('engaged', 'archived=include')), [4, 3, 2])
  assert.deepEqual(counts(await read('engaged', 'archived=only')), [1, 1, 1])
})

test('a tenant has its items and those of none, unless has_tenant says otherwise', async () => {
  const ids: Record<string, string> = {}
  for (const [name, tenant] of [
    ['acme', 'acme'],
    ['umbrella', 'umbrella'],
    ['none', undefined],
  ] as const) {
    const [run] = await seedTrigger(db, { recipients: ['tenants'], ...(tenant !== undefined && { tenant }) })
    ids[name] = await seedMessage(db, run!)
  }
  const same = async (query: string, names: string[]) => {
    const answer = await read('tenants', query)
    assert.deepEqual(answer.entries.map(({ id }) => id).sort(), names.map((name) => ids[name]!).sort(), query)
    assert.equal(answer.meta.total_count, names.length, query)
  }
  await same('tenant=acme', ['acme', 'none'])
  await same('tenant=acme&has_tenant=true', ['acme'])
  await same('has_tenant=true', ['acme', 'umbrella'])
  await same('has_tenant=false', ['none'])
})

test('source, categories, data and time narrow a feed and its counts', async () => {
  const [a] = await seedTrigger(db, {
    definition: 'feed-a',
    categories: ['alpha'],
    recipients: ['narrow'],
    data: { plan: 'pro' },
    acceptedAt: at(1),
  })
  const [b] = await seedTrigger(db, { definition: 'feed-b', recipients: ['narrow'], acceptedAt: at(2) })
  const [idA, idB] = [await seedMessage(db, a!), await seedMessage(db, b!)]
  const same = async (query: string, ids: string[]) => {
    const answer = await read('narrow', query)
    assert.deepEqual(
      answer.entries.map(({ id }) => id),
      ids,
      query,
    )
    assert.equal(answer.meta.total_count, ids.length, query)
  }
  await same('source=feed-a', [idA])
  await same('workflow_categories[]=alpha', [idA])
  await same('trigger_data[plan]=pro', [idA])
  await same(`trigger_data=${encodeURIComponent('{"plan":"pro"}')}`, [idA])
  await same('inserted_at.gt=2026-01-01T00:01:00Z', [idB])
})

test('before the newest item there are only newer ones, next to it first, newest on top', async () => {
  const seeded = []
  for (let minute = 0; minute < 5; minute += 1) {
    const [run] = await seedTrigger(db, { recipients: ['live'], acceptedAt: at(minute) })
    seeded.push(await seedMessage(db, run!))
  }
  const newestFirst = [...seeded].reverse()
  const page = await read('live', 'page_size=2')
  assert.deepEqual(
    page.entries.map(({ id }) => id),
    newestFirst.slice(0, 2),
  )
  const next = await read('live', `page_size=2&after=${page.page_info.after}`)
  assert.deepEqual(
    next.entries.map(({ id }) => id),
    newestFirst.slice(2, 4),
  )

  const newest = page.entries[0]!.__cursor
  assert.deepEqual((await read('live', `before=${newest}`)).entries, [])
  const [run] = await seedTrigger(db, { recipients: ['live'], acceptedAt: at(9) })
  const late = await seedMessage(db, run!)
  assert.deepEqual(
    (await read('live', `before=${newest}`)).entries.map(({ id }) => id),
    [late],
  )
  const newer = await read('live', `before=${next.entries[1]!.__cursor}&page_size=2`)
  assert.deepEqual(
    newer.entries.map(({ id }) => id),
    newestFirst.slice(1, 3),
  )
})

test('settings are there for any in-app channel, and no feed for any other', async () => {
  const path = `/v1/users/ada/feeds/${feedChannel.key}/settings`
  assert.deepEqual((await api.call('GET', path)).body, { features: { branding_required: false } })
  for (const channel of [emailChannel.id, 'nothing']) {
    for (const part of ['', '/settings']) {
      assert.equal((await api.call('GET', `/v1/users/ada/feeds/${channel}${part}`)).status, 404)
    }
  }
})

test('channels are listed with when they were published', async () => {
  const { entries } = (await api.call('GET', '/v1/channels')).body as { entries: Record<string, unknown>[] }
  assert.deepEqual(
    entries.map(({ key }) => key),
    [feedChannel.key, emailChannel.key],
  )
  assert.ok(entries.every(({ created_at }) => typeof created_at === 'string'))
})

test('exclude leaves fields out of the answer, up to three names deep, in each entry of a list', async () => {
  const [one, two] = await seedTrigger(db, {
    recipients: ['excluded', 'excluded'],
    actor: 'actor',
    data: { a: 1, b: 2 },
  })
  for (const run of [one, two]) await seedMessage(db, run!)
  const whole = await read('excluded')
  // Past the schema, which an answer with fields left out does not fit.
  const raw = async (exclude: string): Promise<Feed> => {
    const url = `${api.url}/v1/users/excluded/feeds/${feedChannel.id}?exclude=${encodeURIComponent(exclude)}`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${SECRET_KEY}` } })
    assert.equal(answer.status, 200)
    return (await answer.json()) as Feed
  }
  const paths = 'entries.archived_at, entries.data.b,entries.activities.actor,vars,meta.nothing,,entries.id.x'
  const { vars: _vars, ...rest } = whole
  assert.deepEqual(await raw(paths), {
    ...rest,
    entries: whole.entries.map(({ archived_at: _archived, ...entry }) => ({
      ...entry,
      data: { a: 1 },
      activities: entry.activities!.map(({ actor: _actor, ...activity }) => activity),
    })),
  })
  assert.deepEqual(await raw(''), whole)
  for (const exclude of ['entries.activities.actor.name', 'entries..data', '.']) {
    const answer = await api.call('GET', `/v1/users/excluded/feeds/${feedChannel.id}?exclude=${exclude}`)
    assert.deepEqual(assertRefused(answer, 422, 'invalid_params'), ['exclude format'])
  }
})

/* eslint-disable @typescript-eslint/no-deprecated -- what callers of older versions still use */
import type client from '@knocklabs/client'
import type { Feed, FeedItem } from '@knocklabs/client'
import assert from 'node:assert/strict'
import { eventually } from '../fixtures/eventually.ts'
import { emailChannel, feedChannel } from '../fixtures/seed.ts'
import { accept, walk } from '../fixtures/recipient-runs.ts'
import { invite, type World } from './world.ts'

/** To Node's eyes the package's types are those of CommonJS. */
type Knock = client.default

/** A page of a fresh user: the client as it is when they have signed in. */
export interface Page {
  knock: Knock
  feed: Feed
  user: string
  /** What the client was answered, request by request. */
  answers: { status: number; body: unknown }[]
}

export type BrowserRow = (page: Page, world: World) => Promise<void>

/** In the older client too. */
type Common = Record<string, BrowserRow>

const base = ({ user }: Page) => `/v1/users/${user}`
const setAt = (world: World, page: Page, id = 'default') => world.get(`${base(page)}/preferences/${id}`)
const off = { channel_types: { email: false } }

/** A message of the page's user, and the page has fetched it. */
async function shown(page: Page, world: World): Promise<FeedItem> {
  await world.message(page.user)
  await page.feed.fetch()
  return page.feed.getState().items[0]!
}

/** One item is given a status, or loses it: read back by the message’s own route. */
function marks(call: (feed: Feed, item: FeedItem) => Promise<unknown>, field: string, before?: string): BrowserRow {
  return async (page, world) => {
    const item = await shown(page, world)
    if (before !== undefined) await world.api.call('PUT', `/v1/messages/${item.id}/${before}`)
    await page.feed.fetch()
    await call(page.feed, page.feed.getState().items[0] ?? item)
    const message = await world.get(`/v1/messages/${item.id}`)
    assert.equal((message[field] ?? null) === null, before !== undefined, field)
  }
}

/** All items are: by a bulk operation, once it is carried out. */
function marksAll(call: (feed: Feed) => Promise<unknown>, field: string): BrowserRow {
  return async (page, world) => {
    const { id } = await shown(page, world)
    await world.api.call('PUT', `/v1/messages/${id}/read`)
    if (field === 'read_at') await world.api.call('DELETE', `/v1/messages/${id}/read`)
    await page.feed.fetch()
    await world.done((await call(page.feed)) as { id: string })
    assert.notEqual((await world.get(`/v1/messages/${id}`))[field] ?? null, null, field)
  }
}

function part(name: string, expected: object, call: (knock: Knock) => Promise<unknown>): BrowserRow {
  return async (page, world) => {
    await call(page.knock)
    assert.deepEqual((await setAt(world, page))[name], expected)
  }
}

/** A feature that Belay does not serve: the client is answered so. */
function none(call: (knock: Knock) => Promise<unknown>): BrowserRow {
  return async (page) => {
    await call(page.knock).catch(() => undefined)
    const { status, body } = page.answers.at(-1)!
    assert.deepEqual([status, (body as { code?: string }).code], [404, 'not_implemented'])
  }
}

/** A message comes while the page is open, and is in its state without a fetch of its own. */
const comesLive: BrowserRow = async ({ feed, user }, world) => {
  const received: unknown[] = []
  feed.on('items.received.realtime', ({ event }: { event: unknown }) => received.push(event))
  feed.listenForUpdates()
  await feed.fetch()
  await eventually(() => assert.equal(world.api.live.subscriptions, 1))
  const { rows } = await accept(world.api.deps.store.db, invite, user, [user])
  for (const row of rows) await walk(world.api.deps.store.db, invite, row)
  await eventually(() => assert.equal(feed.getState().items.length, 1))
  // Once more where the page had just joined, and was told to fetch.
  assert.deepEqual([...new Set(received)], ['items.received.realtime'])
}

/** Nothing comes any more. */
const leaves =
  (call: (page: Page) => void): BrowserRow =>
  async (page, world) => {
    const before = world.api.live.subscriptions
    page.feed.listenForUpdates()
    await eventually(() => assert.equal(world.api.live.subscriptions, before + 1))
    call(page)
    await eventually(() => assert.equal(world.api.live.subscriptions, before))
  }

export const commonRows: Common = {
  client: ({ knock }) => Promise.resolve(assert.equal(typeof knock.client().makeRequest, 'function')),
  authenticate: ({ knock, user }) => Promise.resolve(assert.equal(knock.userId, user)),
  teardown: leaves(({ knock }) => knock.teardown()),
  'feeds.initialize': async (page, world) => assert.equal((await shown(page, world)).__cursor.length > 0, true),
  'preferences.getAll': async (page, world) => {
    await world.api.call('PUT', `${base(page)}/preferences/default`, { body: off })
    const all = (await page.knock.preferences.getAll()) as unknown as { id: string }[]
    assert.deepEqual(
      all.map(({ id }) => id),
      ['default'],
    )
  },
  'preferences.get': async (page, world) => {
    await world.api.call('PUT', `${base(page)}/preferences/default`, { body: off })
    assert.deepEqual((await page.knock.preferences.get()).channel_types, { email: false })
  },
  'preferences.set': async (page, world) => {
    await page.knock.preferences.set({ ...off, workflows: {}, categories: {} })
    assert.deepEqual((await setAt(world, page))['channel_types'], { email: false })
  },
  'preferences.setChannelTypes': part('channel_types', { email: false }, (k) =>
    k.preferences.setChannelTypes({ email: false }),
  ),
  'preferences.setChannelType': part('channel_types', { email: false }, (k) =>
    k.preferences.setChannelType('email', false),
  ),
  'preferences.setWorkflows': part('workflows', { invite: false }, (k) =>
    k.preferences.setWorkflows({ invite: false }),
  ),
  'preferences.setWorkflow': part('workflows', { invite: false }, (k) => k.preferences.setWorkflow('invite', false)),
  'preferences.setCategories': part('categories', { a: false }, (k) => k.preferences.setCategories({ a: false })),
  'preferences.setCategory': part('categories', { a: false }, (k) => k.preferences.setCategory('a', false)),
  'feed.teardown': leaves(({ feed }) => feed.teardown()),
  'feed.listenForUpdates': comesLive,
  'feed.on': comesLive,
  'feed.off': async (page, world) => {
    const heard: unknown[] = []
    const hear = (event: unknown) => heard.push(event)
    page.feed.on('items.received.page', hear)
    await shown(page, world)
    page.feed.off('items.received.page', hear)
    await page.feed.fetch()
    assert.equal(heard.length, 1)
  },
  'feed.getState': async (page, world) => {
    await shown(page, world)
    const { total_count, unread_count, unseen_count } = page.feed.getState().metadata
    assert.deepEqual([total_count, unread_count, unseen_count], [1, 1, 1])
  },
  'feed.fetch': async (page, world) => {
    const item = await shown(page, world)
    const { entries } = (await world.get(`${base(page)}/feeds/${feedChannel.id}?mode=compact`)) as {
      entries: unknown[]
    }
    // 0.8 asks for all of it.
    const { activities: _a, total_activities: _t, ...compact } = item
    assert.deepEqual({ ...compact }, entries[0])
  },
  'feed.fetchNextPage': async ({ feed, user }, world) => {
    for (let n = 0; n < 3; n += 1) await world.message(user)
    await feed.fetch({ page_size: 2 })
    assert.equal(feed.getState().items.length, 2)
    await feed.fetchNextPage()
    await eventually(() => assert.equal(feed.getState().items.length, 3))
    assert.equal(new Set(feed.getState().items.map(({ id }) => id)).size, 3)
  },
  'feed.markAsSeen': marks((feed, item) => feed.markAsSeen(item), 'seen_at'),
  'feed.markAsUnseen': marks((feed, item) => feed.markAsUnseen(item), 'seen_at', 'seen'),
  'feed.markAsRead': marks((feed, item) => feed.markAsRead(item), 'read_at'),
  'feed.markAsUnread': marks((feed, item) => feed.markAsUnread(item), 'read_at', 'read'),
  'feed.markAsArchived': marks((feed, item) => feed.markAsArchived(item), 'archived_at'),
  'feed.markAsUnarchived': marks((feed, item) => feed.markAsUnarchived(item), 'archived_at', 'archived'),
}

export const newestRows: Common = {
  ...commonRows,
  isAuthenticated: ({ knock }) => Promise.resolve(assert.equal(knock.isAuthenticated(), true)),
  failIfNotAuthenticated: ({ knock }) => Promise.resolve(knock.failIfNotAuthenticated()),
  logout: ({ knock }) => {
    knock.logout()
    return Promise.resolve(assert.equal(knock.isAuthenticated(), false))
  },
  'feeds.removeInstance': ({ knock, feed }) => {
    knock.feeds.removeInstance(feed)
    return Promise.resolve(assert.equal(knock.feeds.hasInstances(), false))
  },
  'feeds.hasInstances': ({ knock }) => Promise.resolve(assert.equal(knock.feeds.hasInstances(), true)),
  'feeds.teardownInstances': leaves(({ knock }) => knock.feeds.teardownInstances()),
  'feeds.reinitializeInstances': async (page, world) => {
    page.feed.listenForUpdates()
    page.knock.feeds.teardownInstances()
    page.knock.feeds.reinitializeInstances()
    await world.message(page.user)
    await eventually(() => assert.equal(page.feed.getState().items.length, 1))
  },
  'feed.reinitialize': async (page, world) => {
    page.feed.reinitialize()
    await shown(page, world)
  },
  'feed.dispose': leaves(({ feed }) => feed.dispose()),
  'feed.markAsInteracted': marks((feed, item) => feed.markAsInteracted(item, { at: 'button' }), 'interacted_at'),
  'feed.markAllAsSeen': marksAll((feed) => feed.markAllAsSeen(), 'seen_at'),
  'feed.markAllAsRead': marksAll((feed) => feed.markAllAsRead(), 'read_at'),
  'feed.markAllAsArchived': marksAll((feed) => feed.markAllAsArchived(), 'archived_at'),
  'feed.markAllReadAsArchived': marksAll((feed) => feed.markAllReadAsArchived(), 'archived_at'),
  'user.get': async (page, world) => {
    await world.api.call('PUT', base(page), { body: { name: 'Ada' } })
    assert.equal((await page.knock.user.get()).name, 'Ada')
  },
  'user.identify': async (page, world) => {
    await page.knock.user.identify({ name: 'Ada', plan: 'pro' })
    const { name, plan } = await world.get(base(page))
    assert.deepEqual([name, plan], ['Ada', 'pro'])
  },
  'user.getAllPreferences': async (page, world) => {
    await world.api.call('PUT', `${base(page)}/preferences/acme`, { body: off })
    assert.deepEqual(
      (await page.knock.user.getAllPreferences()).map(({ id }) => id),
      ['acme'],
    )
  },
  'user.getPreferences': async (page, world) => {
    await world.api.call('PUT', `${base(page)}/preferences/acme`, { body: off })
    const { channel_types } = await page.knock.user.getPreferences({ preferenceSet: 'acme' })
    assert.deepEqual(channel_types, { email: false })
  },
  'user.setPreferences': async (page, world) => {
    await page.knock.user.setPreferences(off, { preferenceSet: 'acme' })
    assert.deepEqual((await setAt(world, page, 'acme'))['channel_types'], { email: false })
  },
  'user.getChannelData': async (page, world) => {
    const path = `${base(page)}/channel_data/${emailChannel.id}`
    await world.api.call('PUT', path, { body: { data: { tokens: ['t1'] } } })
    const { data } = await page.knock.user.getChannelData({ channelId: emailChannel.id })
    assert.ok(JSON.stringify(data).includes('t1'))
  },
  'user.setChannelData': async (page, world) => {
    await page.knock.user.setChannelData({ channelId: emailChannel.id, channelData: { tokens: ['t2'] } })
    const stored = await world.get(`${base(page)}/channel_data/${emailChannel.id}`)
    assert.ok(JSON.stringify(stored).includes('t2'))
  },
  'user.getGuides': none((knock) => knock.user.getGuides('guides', {})),
  'user.markGuideStepAs': none((knock) => knock.user.markGuideStepAs('seen', {} as never)),
  'user.resetGuideEngagement': none((knock) => knock.user.resetGuideEngagement({} as never)),
  'messages.get': async (page, world) => {
    const { id } = await shown(page, world)
    const message = await page.knock.messages.get(id)
    assert.deepEqual([message.id, message.recipient, message.channel_id], [id, page.user, feedChannel.id])
  },
  'messages.updateStatus': marks((feed, item) => feed.knock.messages.updateStatus(item.id, 'read'), 'read_at'),
  'messages.removeStatus': marks((feed, item) => feed.knock.messages.removeStatus(item.id, 'read'), 'read_at', 'read'),
  'messages.batchUpdateStatuses': marks(
    (feed, item) => feed.knock.messages.batchUpdateStatuses([item.id], 'archived'),
    'archived_at',
  ),
  'messages.bulkUpdateAllStatusesInChannel': async (page, world) => {
    const { id } = await shown(page, world)
    const asked = { channelId: feedChannel.id, status: 'seen' as const, options: { user_ids: [page.user] } }
    await world.done(await page.knock.messages.bulkUpdateAllStatusesInChannel(asked))
    assert.notEqual((await world.get(`/v1/messages/${id}`))['seen_at'] ?? null, null)
  },
  'objects.getChannelData': async ({ knock, user }, world) => {
    const path = `/v1/objects/teams/${user}/channel_data/${emailChannel.id}`
    await world.api.call('PUT', path, { body: { data: { tokens: ['t1'] } } })
    const where = { collection: 'teams', objectId: user, channelId: emailChannel.id }
    assert.ok(JSON.stringify(await knock.objects.getChannelData(where)).includes('t1'))
  },
  'objects.setChannelData': async ({ knock, user }, world) => {
    const where = { collection: '$tenants', objectId: user, channelId: emailChannel.id }
    await knock.objects.setChannelData({ ...where, data: { tokens: ['t2'] } })
    const stored = await world.get(`/v1/objects/$tenants/${user}/channel_data/${emailChannel.id}`)
    assert.ok(JSON.stringify(stored).includes('t2'))
  },
  'slack.authCheck': none((knock) => knock.slack.authCheck({ tenant: 'a', knockChannelId: 'c' })),
  'slack.getChannels': none((knock) => knock.slack.getChannels({ tenant: 'a', knockChannelId: 'c' })),
  'slack.revokeAccessToken': none((knock) => knock.slack.revokeAccessToken({ tenant: 'a', knockChannelId: 'c' })),
  'msTeams.authCheck': none((knock) => knock.msTeams.authCheck({ tenant: 'a', knockChannelId: 'c' })),
  'msTeams.getTeams': none((knock) => knock.msTeams.getTeams({ tenant: 'a', knockChannelId: 'c' })),
  'msTeams.getChannels': none((knock) => knock.msTeams.getChannels({ tenant: 'a', knockChannelId: 'c', teamId: 't' })),
  'msTeams.revokeAccessToken': none((knock) => knock.msTeams.revokeAccessToken({ tenant: 'a', knockChannelId: 'c' })),
}

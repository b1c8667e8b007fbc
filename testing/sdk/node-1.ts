import type Knock from 'knock-node-1'
import { NotFoundError } from 'knock-node-1'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { emailChannel, feedChannel } from '../fixtures/seed.ts'
import type { Row, World } from './world.ts'

type Row1 = Row<Knock>

const C = 'teams'
const inbox = emailChannel.id
const off = { channel_types: { email: false } }

const guide = { channel_id: 'c', guide_id: 'g', guide_key: 'k', guide_step_ref: 's', content: {}, data: {} }
const token = { access_token_object: 'a' }
const teams = { ms_teams_tenant_object: 'a' }
const entries = (page: unknown) => (page as { entries: unknown[] }).entries
const setOf = async (world: World, base: string) =>
  ((await world.get(`${base}/preferences/default`)) as { channel_types: unknown }).channel_types
const messageOf = (world: World, id: string) =>
  world.get(`/v1/messages/${id}`) as Promise<Record<string, string | null | undefined>>

/** A feature that Belay does not serve: its error says so, and names it. */
function none(call: (sdk: Knock) => PromiseLike<unknown>): Row1 {
  return async (sdk) => {
    const error = await Promise.resolve(call(sdk)).then(
      () => assert.fail('it is served: write its row'),
      (error: unknown) => error,
    )
    assert.ok(error instanceof NotFoundError, String(error))
    assert.equal((error.error as { code?: string }).code, 'not_implemented')
  }
}

/** One message is given a status, or it is taken back from it. */
function marks(call: (sdk: Knock, id: string) => PromiseLike<unknown>, field: string, before?: string): Row1 {
  return async (sdk, world) => {
    const { id } = await world.message()
    if (before !== undefined) assert.equal((await world.api.call('PUT', `/v1/messages/${id}/${before}`)).status, 200)
    await call(sdk, id)
    const is = (await messageOf(world, id))[field] ?? null
    assert.equal(is === null, before !== undefined, `${field} is ${is}`)
  }
}

const many = (call: (sdk: Knock, ids: string[]) => PromiseLike<unknown[]>, field: string, before?: string): Row1 =>
  marks(
    async (sdk, id) =>
      assert.deepEqual(
        ((await call(sdk, [id])) as { id: string }[]).map((each) => each.id),
        [id],
      ),
    field,
    before,
  )

const putUser = (world: World, id: string, body: object = {}) => world.api.call('PUT', `/v1/users/${id}`, { body })
const putObject = (world: World, id: string, body: object = {}) =>
  world.api.call('PUT', `/v1/objects/${C}/${id}`, { body })
const putSet = (world: World, base: string) => world.api.call('PUT', `${base}/preferences/default`, { body: off })
const putTokens = (world: World, base: string) =>
  world.api.call('PUT', `${base}/channel_data/${inbox}`, { body: { data: { tokens: ['t1'] } } })
const subscribe = (world: World, id: string, recipients: string[]) =>
  world.api.call('POST', `/v1/objects/${C}/${id}/subscriptions`, { body: { recipients } })
const runsOf = async (world: World, key: string) =>
  (
    (await world.get(`/v1/workflow_recipient_runs?cancelation_key=${key}`)) as {
      items: { id: string; status: string; recipient: string }[]
    }
  ).items

const ROOT = new URL('../../', import.meta.url)
const SCHEDULES = 'test/sdk/schedules.test.ts'

/** Tried at length in a file of its own. */
const triedElsewhere =
  (method: string): Row1 =>
  () => {
    const file = readFileSync(new URL(SCHEDULES, ROOT), 'utf8')
    assert.ok(file.includes(`knock.${method}(`), method)
    return Promise.resolve()
  }

export const node1: Record<string, Row1> = {
  'workflows.trigger': async (sdk, world) => {
    const cancellation_key = world.fresh()
    await sdk.workflows.trigger('invite', { recipients: ['ada', 'bob'], cancellation_key })
    const recipients = (await runsOf(world, cancellation_key)).map(({ recipient }) => recipient)
    assert.deepEqual(recipients.sort(), ['ada', 'bob'])
  },
  'workflows.cancel': async (sdk, world) => {
    const cancellation_key = world.fresh()
    await sdk.workflows.trigger('invite', { recipients: ['ada', 'bob'], cancellation_key })
    await sdk.workflows.cancel('invite', { cancellation_key, recipients: ['ada'] })
    const canceled = (await runsOf(world, cancellation_key)).filter(({ status }) => status === 'cancelled')
    assert.deepEqual(
      canceled.map(({ recipient }) => recipient),
      ['ada'],
    )
  },
  'workflowRecipientRuns.list': async (sdk, world) => {
    const cancellation_key = world.fresh()
    const { workflow_run_id } = await sdk.workflows.trigger('invite', { recipients: ['ada'], cancellation_key })
    const page = await sdk.workflowRecipientRuns.list({ workflow: 'invite' })
    assert.ok(page.items.some((run) => run.workflow_run_id === workflow_run_id))
  },
  'workflowRecipientRuns.get': async (sdk, world) => {
    const cancellation_key = world.fresh()
    await sdk.workflows.trigger('invite', { recipients: ['ada'], cancellation_key })
    const [run] = await runsOf(world, cancellation_key)
    const got = await sdk.workflowRecipientRuns.get(run!.id)
    assert.deepEqual([got.id, got.recipient, got.events.length > 0], [run!.id, 'ada', true])
  },
  'users.update': async (sdk, world) => {
    const id = world.fresh()
    await sdk.users.update(id, { name: 'Ada', email: 'ada@example.com', plan: 'pro' })
    const { name, email, plan } = await world.get(`/v1/users/${id}`)
    assert.deepEqual([name, email, plan], ['Ada', 'ada@example.com', 'pro'])
  },
  'users.get': async (sdk, world) => {
    const id = world.fresh()
    await putUser(world, id, { name: 'Ada' })
    const got = await sdk.users.get(id)
    assert.deepEqual([got.id, got.name, got.__typename], [id, 'Ada', 'User'])
  },
  'users.delete': async (sdk, world) => {
    const id = world.fresh()
    await putUser(world, id)
    await sdk.users.delete(id)
    assert.equal(await world.status(`/v1/users/${id}`), 404)
  },
  'users.list': async (sdk, world) => {
    const ids = [world.fresh(), world.fresh()]
    for (const id of ids) await putUser(world, id)
    const listed: string[] = []
    for await (const user of sdk.users.list({ page_size: 1 })) listed.push(user.id)
    assert.ok(ids.every((id) => listed.includes(id)))
  },
  'users.merge': async (sdk, world) => {
    const { id: message, user: from } = await world.message()
    const into = world.fresh()
    await putUser(world, from, { name: 'Guest', plan: 'pro' })
    await putUser(world, into, { name: 'Ada' })
    await putSet(world, `/v1/users/${from}`)
    await putTokens(world, `/v1/users/${from}`)
    const merged = await sdk.users.merge(into, { from_user_id: from })
    assert.deepEqual([merged.id, merged.name, merged['plan']], [into, 'Ada', 'pro'])
    assert.equal(await world.status(`/v1/users/${from}`), 404)
    assert.deepEqual(await setOf(world, `/v1/users/${into}`), { email: false })
    assert.equal(await world.status(`/v1/users/${into}/channel_data/${inbox}`), 200)
    const { items } = await world.get(`/v1/users/${into}/messages`)
    assert.deepEqual(
      (items as { id: string }[]).map(({ id }) => id),
      [message],
    )
  },
  'users.listMessages': async (sdk, world) => {
    const { id, user } = await world.message()
    assert.deepEqual(
      (await sdk.users.listMessages(user)).items.map((each) => each.id),
      [id],
    )
  },
  'users.listSchedules': triedElsewhere('users.listSchedules'),
  'users.listSubscriptions': async (sdk, world) => {
    const [user, object] = [world.fresh(), world.fresh()]
    await subscribe(world, object, [user])
    const [only] = (await sdk.users.listSubscriptions(user)).entries
    assert.equal((only?.object as { id: string }).id, object)
  },
  'users.getPreferences': async (sdk, world) => {
    const id = world.fresh()
    await putSet(world, `/v1/users/${id}`)
    assert.deepEqual((await sdk.users.getPreferences(id, 'default')).channel_types, { email: false })
  },
  'users.listPreferences': async (sdk, world) => {
    const id = world.fresh()
    await putSet(world, `/v1/users/${id}`)
    assert.deepEqual(
      (await sdk.users.listPreferences(id)).map((set) => set.id),
      ['default'],
    )
  },
  'users.setPreferences': async (sdk, world) => {
    const id = world.fresh()
    await sdk.users.setPreferences(id, 'default', off)
    assert.deepEqual(await setOf(world, `/v1/users/${id}`), { email: false })
  },
  'users.unsetPreferences': async (sdk, world) => {
    const id = world.fresh()
    await putSet(world, `/v1/users/${id}`)
    await sdk.users.unsetPreferences(id, 'default')
    assert.equal(await setOf(world, `/v1/users/${id}`), null)
  },
  'users.getChannelData': async (sdk, world) => {
    const id = world.fresh()
    await putTokens(world, `/v1/users/${id}`)
    const { data } = await sdk.users.getChannelData(id, inbox)
    assert.ok(JSON.stringify(data).includes('t1'))
  },
  'users.setChannelData': async (sdk, world) => {
    const id = world.fresh()
    await sdk.users.setChannelData(id, inbox, { data: { tokens: ['t2'] } })
    assert.ok(JSON.stringify(await world.get(`/v1/users/${id}/channel_data/${inbox}`)).includes('t2'))
  },
  'users.unsetChannelData': async (sdk, world) => {
    const id = world.fresh()
    await putTokens(world, `/v1/users/${id}`)
    await sdk.users.unsetChannelData(id, inbox)
    assert.equal(await world.status(`/v1/users/${id}/channel_data/${inbox}`), 404)
  },
  'users.feeds.listItems': async (sdk, world) => {
    const { id, user } = await world.message()
    const page = await sdk.users.feeds.listItems(user, feedChannel.id)
    assert.deepEqual(
      page.entries.map((item) => item.id),
      [id],
    )
  },
  'users.feeds.getSettings': async (sdk, world) => {
    const settings = await sdk.users.feeds.getSettings(world.fresh(), feedChannel.id)
    assert.equal(typeof settings.features.branding_required, 'boolean')
  },
  'users.guides.getChannel': none((sdk) => sdk.users.guides.getChannel('a', 'b')),
  'users.guides.markMessageAsArchived': none((sdk) => sdk.users.guides.markMessageAsArchived('a', guide)),
  'users.guides.markMessageAsInteracted': none((sdk) => sdk.users.guides.markMessageAsInteracted('a', guide)),
  'users.guides.markMessageAsSeen': none((sdk) => sdk.users.guides.markMessageAsSeen('a', guide)),
  'users.guides.resetGuideEngagements': none((sdk) => sdk.users.guides.resetGuideEngagements('a', {} as never)),
  'users.guides.unarchiveGuideMessage': none((sdk) => sdk.users.guides.unarchiveGuideMessage('a', guide)),
  'users.preferenceCenter.generateSignedURL': none((sdk) => sdk.users.preferenceCenter.generateSignedURL('a')),
  'users.preferenceCenter.getConfig': none((sdk) => sdk.users.preferenceCenter.getConfig('a')),
  'users.bulk.identify': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.users.bulk.identify({ users: [{ id, name: 'Ada' }] }))
    assert.equal((await world.get(`/v1/users/${id}`))['name'], 'Ada')
  },
  'users.bulk.delete': async (sdk, world) => {
    const id = world.fresh()
    await putUser(world, id)
    await world.done(await sdk.users.bulk.delete({ user_ids: [id] }))
    assert.equal(await world.status(`/v1/users/${id}`), 404)
  },
  'users.bulk.setPreferences': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.users.bulk.setPreferences({ user_ids: [id], preferences: off }))
    assert.deepEqual(await setOf(world, `/v1/users/${id}`), { email: false })
  },
  'objects.set': async (sdk, world) => {
    const id = world.fresh()
    await sdk.objects.set(C, id, { name: 'Red' })
    assert.deepEqual((await world.get(`/v1/objects/${C}/${id}`))['properties'], { name: 'Red' })
  },
  'objects.get': async (sdk, world) => {
    const id = world.fresh()
    await putObject(world, id, { name: 'Red' })
    const got = await sdk.objects.get(C, id)
    assert.deepEqual([got.id, got.collection, got.properties], [id, C, { name: 'Red' }])
  },
  'objects.delete': async (sdk, world) => {
    const id = world.fresh()
    await putObject(world, id)
    await sdk.objects.delete(C, id)
    assert.equal(await world.status(`/v1/objects/${C}/${id}`), 404)
  },
  'objects.list': async (sdk, world) => {
    const id = world.fresh()
    await putObject(world, id)
    const listed: string[] = []
    for await (const object of sdk.objects.list(C)) listed.push(object.id)
    assert.ok(listed.includes(id))
  },
  'objects.listMessages': async (sdk, world) => {
    const object = world.fresh()
    const { workflow_run_id } = await sdk.workflows.trigger('invite', { recipients: [{ collection: C, id: object }] })
    const page = await sdk.objects.listMessages(C, object)
    const got = (await world.get(`/v1/messages?workflow_run_id=${workflow_run_id}`)) as { items: { id: string }[] }
    assert.deepEqual(
      page.items.map((each) => each.id),
      got.items.map((each) => each.id),
    )
  },
  'objects.listSchedules': triedElsewhere('objects.listSchedules'),
  'objects.listPreferences': async (sdk, world) => {
    const id = world.fresh()
    await putSet(world, `/v1/objects/${C}/${id}`)
    assert.deepEqual(
      (await sdk.objects.listPreferences(C, id)).map((set) => set.id),
      ['default'],
    )
  },
  'objects.getPreferences': async (sdk, world) => {
    const id = world.fresh()
    await putSet(world, `/v1/objects/${C}/${id}`)
    assert.deepEqual((await sdk.objects.getPreferences(C, id, 'default')).channel_types, { email: false })
  },
  'objects.setPreferences': async (sdk, world) => {
    const id = world.fresh()
    await sdk.objects.setPreferences(C, id, 'default', off)
    assert.deepEqual(await setOf(world, `/v1/objects/${C}/${id}`), { email: false })
  },
  'objects.unsetPreferences': async (sdk, world) => {
    const id = world.fresh()
    await putSet(world, `/v1/objects/${C}/${id}`)
    await sdk.objects.unsetPreferences(C, id, 'default')
    assert.equal(await setOf(world, `/v1/objects/${C}/${id}`), null)
  },
  'objects.getChannelData': async (sdk, world) => {
    const id = world.fresh()
    await putTokens(world, `/v1/objects/${C}/${id}`)
    assert.ok(JSON.stringify(await sdk.objects.getChannelData(C, id, inbox)).includes('t1'))
  },
  'objects.setChannelData': async (sdk, world) => {
    const id = world.fresh()
    await sdk.objects.setChannelData(C, id, inbox, { data: { tokens: ['t2'] } })
    assert.ok(JSON.stringify(await world.get(`/v1/objects/${C}/${id}/channel_data/${inbox}`)).includes('t2'))
  },
  'objects.unsetChannelData': async (sdk, world) => {
    const id = world.fresh()
    await putTokens(world, `/v1/objects/${C}/${id}`)
    await sdk.objects.unsetChannelData(C, id, inbox)
    assert.equal(await world.status(`/v1/objects/${C}/${id}/channel_data/${inbox}`), 404)
  },
  'objects.addSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await sdk.objects.addSubscriptions(C, id, { recipients: [user], properties: { role: 'owner' } })
    const [only] = entries(await world.get(`/v1/users/${user}/subscriptions`))
    assert.deepEqual((only as { properties: unknown }).properties, { role: 'owner' })
  },
  'objects.deleteSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await subscribe(world, id, [user])
    await sdk.objects.deleteSubscriptions(C, id, { recipients: [user] })
    assert.deepEqual(entries(await world.get(`/v1/users/${user}/subscriptions`)), [])
  },
  'objects.listSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await subscribe(world, id, [user])
    const page = await sdk.objects.listSubscriptions(C, id)
    assert.deepEqual(
      page.entries.map(({ recipient }) => (recipient as { id: string }).id),
      [user],
    )
  },
  'objects.bulk.set': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.objects.bulk.set(C, { objects: [{ id, name: 'Red' }] }))
    assert.deepEqual((await world.get(`/v1/objects/${C}/${id}`))['properties'], { name: 'Red' })
  },
  'objects.bulk.delete': async (sdk, world) => {
    const id = world.fresh()
    await putObject(world, id)
    await world.done(await sdk.objects.bulk.delete(C, { object_ids: [id] }))
    assert.equal(await world.status(`/v1/objects/${C}/${id}`), 404)
  },
  'objects.bulk.addSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await world.done(await sdk.objects.bulk.addSubscriptions(C, { subscriptions: [{ id, recipients: [user] }] }))
    assert.equal(entries(await world.get(`/v1/users/${user}/subscriptions`)).length, 1)
  },
  'objects.bulk.deleteSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await subscribe(world, id, [user])
    await world.done(await sdk.objects.bulk.deleteSubscriptions(C, { subscriptions: [{ id, recipients: [user] }] }))
    assert.equal(entries(await world.get(`/v1/users/${user}/subscriptions`)).length, 0)
  },
  'tenants.set': async (sdk, world) => {
    const id = world.fresh()
    await sdk.tenants.set(id, { name: 'Acme', settings: { branding: { primary_color: '#ff0000' } } })
    const tenant = await world.get(`/v1/tenants/${id}`)
    assert.equal(tenant['name'], 'Acme')
    assert.ok(JSON.stringify(tenant).includes('#ff0000'))
  },
  'tenants.get': async (sdk, world) => {
    const id = world.fresh()
    await world.api.call('PUT', `/v1/tenants/${id}`, { body: { name: 'Acme' } })
    const got = await sdk.tenants.get(id)
    assert.deepEqual([got.id, got.name], [id, 'Acme'])
  },
  'tenants.delete': async (sdk, world) => {
    const id = world.fresh()
    await world.api.call('PUT', `/v1/tenants/${id}`, { body: {} })
    await sdk.tenants.delete(id)
    assert.equal(await world.status(`/v1/tenants/${id}`), 404)
  },
  'tenants.list': async (sdk, world) => {
    const id = world.fresh()
    await world.api.call('PUT', `/v1/tenants/${id}`, { body: { name: `Acme ${id}` } })
    const page = await sdk.tenants.list({ tenant_id: id })
    assert.deepEqual(
      page.entries.map((tenant) => tenant.id),
      [id],
    )
  },
  'tenants.bulk.set': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.tenants.bulk.set({ tenants: [{ id, name: 'Acme' }] }))
    assert.equal((await world.get(`/v1/tenants/${id}`))['name'], 'Acme')
  },
  'tenants.bulk.delete': async (sdk, world) => {
    const id = world.fresh()
    await world.api.call('PUT', `/v1/tenants/${id}`, { body: {} })
    await world.done(await sdk.tenants.bulk.delete({ tenant_ids: [id] }))
    assert.equal(await world.status(`/v1/tenants/${id}`), 404)
  },
  'bulkOperations.get': async (sdk, world) => {
    const begun = await sdk.users.bulk.identify({ users: [{ id: world.fresh() }] })
    const done = await world.done(begun)
    const { id, status, success_count } = await sdk.bulkOperations.get(begun.id)
    assert.deepEqual([id, status, success_count], [begun.id, 'completed', done['success_count']])
  },
  'messages.list': async (sdk, world) => {
    const { id } = await world.message()
    const listed: string[] = []
    for await (const message of sdk.messages.list({ source: 'invite' })) listed.push(message.id)
    assert.ok(listed.includes(id))
  },
  'messages.get': async (sdk, world) => {
    const { id, user } = await world.message()
    const got = await sdk.messages.get(id)
    assert.deepEqual([got.id, got.recipient, got.status], [id, user, 'delivered'])
  },
  'messages.getContent': async (sdk, world) => {
    const { id } = await world.message()
    const got = await sdk.messages.getContent(id)
    assert.equal(got.message_id, id)
    assert.equal((got.data as { __typename?: string }).__typename, 'MessageInAppFeedContent')
  },
  'messages.listEvents': async (sdk, world) => {
    const { id } = await world.message()
    await world.api.call('PUT', `/v1/messages/${id}/seen`)
    assert.ok((await sdk.messages.listEvents(id)).items.some((event) => event.type === 'message.seen'))
  },
  'messages.listActivities': async (sdk, world) => {
    const { id, user } = await world.message()
    const [only] = (await sdk.messages.listActivities(id)).items
    assert.ok(JSON.stringify(only?.recipient).includes(user))
  },
  'messages.listDeliveryLogs': async (sdk, world) => {
    const { id } = await world.message()
    assert.deepEqual((await sdk.messages.listDeliveryLogs(id)).items, [])
  },
  'messages.markAsSeen': marks((sdk, id) => sdk.messages.markAsSeen(id), 'seen_at'),
  'messages.markAsUnseen': marks((sdk, id) => sdk.messages.markAsUnseen(id), 'seen_at', 'seen'),
  'messages.markAsRead': marks((sdk, id) => sdk.messages.markAsRead(id), 'read_at'),
  'messages.markAsUnread': marks((sdk, id) => sdk.messages.markAsUnread(id), 'read_at', 'read'),
  'messages.markAsInteracted': marks(
    (sdk, id) => sdk.messages.markAsInteracted(id, { metadata: { button: 'go' } }),
    'interacted_at',
  ),
  'messages.archive': marks((sdk, id) => sdk.messages.archive(id), 'archived_at'),
  'messages.unarchive': marks((sdk, id) => sdk.messages.unarchive(id), 'archived_at', 'archived'),
  'messages.batch.markAsSeen': many((sdk, ids) => sdk.messages.batch.markAsSeen({ message_ids: ids }), 'seen_at'),
  'messages.batch.markAsUnseen': many(
    (sdk, ids) => sdk.messages.batch.markAsUnseen({ message_ids: ids }),
    'seen_at',
    'seen',
  ),
  'messages.batch.markAsRead': many((sdk, ids) => sdk.messages.batch.markAsRead({ message_ids: ids }), 'read_at'),
  'messages.batch.markAsUnread': many(
    (sdk, ids) => sdk.messages.batch.markAsUnread({ message_ids: ids }),
    'read_at',
    'read',
  ),
  'messages.batch.markAsInteracted': many(
    (sdk, ids) => sdk.messages.batch.markAsInteracted({ message_ids: ids }),
    'interacted_at',
  ),
  'messages.batch.archive': many((sdk, ids) => sdk.messages.batch.archive({ message_ids: ids }), 'archived_at'),
  'messages.batch.unarchive': many(
    (sdk, ids) => sdk.messages.batch.unarchive({ message_ids: ids }),
    'archived_at',
    'archived',
  ),
  'messages.batch.getContent': async (sdk, world) => {
    const { id } = await world.message()
    assert.deepEqual(
      (await sdk.messages.batch.getContent({ message_ids: [id] })).map((each) => each.message_id),
      [id],
    )
  },
  'channels.bulk.updateMessageStatus': async (sdk, world) => {
    const { id, user } = await world.message()
    const begun = await sdk.channels.bulk.updateMessageStatus(feedChannel.id, 'read', { recipient_ids: [user] })
    await world.done(begun)
    assert.ok((await messageOf(world, id))['read_at'])
  },
  'schedules.create': triedElsewhere('schedules.create'),
  'schedules.update': triedElsewhere('schedules.update'),
  'schedules.list': triedElsewhere('schedules.list'),
  'schedules.delete': triedElsewhere('schedules.delete'),
  'schedules.bulk.create': triedElsewhere('schedules.bulk.create'),
  'audiences.addMembers': none((sdk) => sdk.audiences.addMembers('a', { members: [] })),
  'audiences.listMembers': none((sdk) => sdk.audiences.listMembers('a')),
  'audiences.removeMembers': none((sdk) => sdk.audiences.removeMembers('a', { members: [] })),
  'providers.slack.checkAuth': none((sdk) => sdk.providers.slack.checkAuth('a', token)),
  'providers.slack.listChannels': none((sdk) => sdk.providers.slack.listChannels('a', token)),
  'providers.slack.revokeAccess': none((sdk) => sdk.providers.slack.revokeAccess('a', token)),
  'providers.msTeams.checkAuth': none((sdk) => sdk.providers.msTeams.checkAuth('a', teams)),
  'providers.msTeams.listChannels': none((sdk) => sdk.providers.msTeams.listChannels('a', { ...teams, team_id: 't' })),
  'providers.msTeams.listTeams': none((sdk) => sdk.providers.msTeams.listTeams('a', teams)),
  'providers.msTeams.revokeAccess': none((sdk) => sdk.providers.msTeams.revokeAccess('a', teams)),
  'integrations.census.customDestination': none((sdk) =>
    sdk.integrations.census.customDestination({ id: '1', jsonrpc: '2.0', method: 'list_objects' }),
  ),
  'integrations.hightouch.embeddedDestination': none((sdk) =>
    sdk.integrations.hightouch.embeddedDestination({ id: '1', jsonrpc: '2.0', method: 'list_objects' }),
  ),
}

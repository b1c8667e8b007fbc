import type { Knock } from 'knock-node-0.6'
import assert from 'node:assert/strict'
import { emailChannel, feedChannel } from '../fixtures/seed.ts'
import type { Row, World } from './world.ts'

type Row0 = Row<Knock>

const C = 'teams'
const inbox = emailChannel.id
const off = { channel_types: { email: false } }
const slack = { tenant: 'acme', knockChannelId: 'c' }

const entries = (page: unknown) => (page as { entries: Record<string, unknown>[] }).entries
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)
const setAt = (world: World, base: string) => world.get(`${base}/preferences/default`)
const put = (world: World, path: string, body: object = {}) => world.api.call('PUT', path, { body })
const subscribe = (world: World, id: string, recipients: string[]) =>
  world.api.call('POST', `/v1/objects/${C}/${id}/subscriptions`, { body: { recipients } })
const subscriptionsOf = async (world: World, user: string) =>
  entries(await world.get(`/v1/users/${user}/subscriptions`))
const runsOf = async (world: World, key: string) => {
  const { items } = await world.get(`/v1/workflow_recipient_runs?cancelation_key=${key}`)
  return items as { status: string; recipient: string }[]
}

const repeats = [{ frequency: 'weekly', days: ['mon'], hours: 9, minutes: 30 }]
/** Makes one for a recipient; answers its id. */
async function schedule(world: World, recipient: string | object): Promise<string> {
  const body = { workflow: 'invite', recipients: [recipient], repeats }
  const made = await world.api.call('POST', '/v1/schedules', { body })
  return (made.body as { id: string }[])[0]!.id
}
const schedulesOf = async (world: World, base: string) => entries(await world.get(`${base}/schedules`))

/** These versions read no body of a 404: that it is one is all they tell. */
function none(call: (sdk: Knock) => Promise<unknown>): Row0 {
  return async (sdk) => {
    const error = await call(sdk).then(
      () => assert.fail('it is served: write its row'),
      (error: unknown) => error as { status?: number },
    )
    assert.equal(error.status, 404)
  }
}

/** A part of a user's or object's preference set is set. */
const part = (
  base: (id: string) => string,
  name: string,
  expected: object,
  call: (sdk: Knock, id: string) => Promise<unknown>,
): Row0 => {
  return async (sdk, world) => {
    const id = world.fresh()
    await call(sdk, id)
    assert.deepEqual((await setAt(world, base(id)))[name], expected)
  }
}
const user = (id: string) => `/v1/users/${id}`
const object = (id: string) => `/v1/objects/${C}/${id}`

export const node0: Record<string, Row0> = {
  'workflows.trigger': async (sdk, world) => {
    const cancellationKey = world.fresh()
    await sdk.workflows.trigger('invite', { recipients: ['ada', 'bob'], cancellationKey })
    assert.deepEqual((await runsOf(world, cancellationKey)).map(({ recipient }) => recipient).sort(), ['ada', 'bob'])
  },
  'workflows.cancel': async (sdk, world) => {
    const cancellationKey = world.fresh()
    await sdk.workflows.trigger('invite', { recipients: ['ada', 'bob'], cancellationKey })
    await sdk.workflows.cancel('invite', cancellationKey, { recipients: ['ada'] })
    const canceled = (await runsOf(world, cancellationKey)).filter(({ status }) => status === 'cancelled')
    assert.deepEqual(
      canceled.map(({ recipient }) => recipient),
      ['ada'],
    )
  },
  'users.identify': async (sdk, world) => {
    const id = world.fresh()
    await sdk.users.identify(id, { name: 'Ada', plan: 'pro' })
    const { name, plan } = await world.get(user(id))
    assert.deepEqual([name, plan], ['Ada', 'pro'])
  },
  'users.get': async (sdk, world) => {
    const id = world.fresh()
    await put(world, user(id), { name: 'Ada' })
    assert.equal((await sdk.users.get(id)).name, 'Ada')
  },
  'users.list': async (sdk, world) => {
    const id = world.fresh()
    await put(world, user(id))
    assert.ok(idsOf((await sdk.users.list()).entries).includes(id))
  },
  'users.delete': async (sdk, world) => {
    const id = world.fresh()
    await put(world, user(id))
    await sdk.users.delete(id)
    assert.equal(await world.status(user(id)), 404)
  },
  'users.merge': async (sdk, world) => {
    const [from, into] = [world.fresh(), world.fresh()]
    await put(world, user(from), { name: 'Guest', plan: 'pro' })
    await put(world, user(into), { name: 'Ada' })
    assert.equal((await sdk.users.merge(into, from)).id, into)
    const { name, plan } = await world.get(user(into))
    assert.deepEqual([name, plan], ['Ada', 'pro'])
    assert.equal(await world.status(user(from)), 404)
  },
  'users.bulkIdentify': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.users.bulkIdentify([{ id, name: 'Ada' }]))
    assert.equal((await world.get(user(id)))['name'], 'Ada')
  },
  'users.bulkDelete': async (sdk, world) => {
    const id = world.fresh()
    await put(world, user(id))
    await world.done(await sdk.users.bulkDelete([id]))
    assert.equal(await world.status(user(id)), 404)
  },
  'users.getFeed': async (sdk, world) => {
    const { id, user } = await world.message()
    assert.deepEqual(idsOf((await sdk.users.getFeed(user, feedChannel.id)).entries as { id: string }[]), [id])
  },
  'users.getAllPreferences': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${user(id)}/preferences/default`, off)
    assert.deepEqual(idsOf((await sdk.users.getAllPreferences(id)) as { id: string }[]), ['default'])
  },
  'users.getPreferences': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${user(id)}/preferences/default`, off)
    assert.deepEqual((await sdk.users.getPreferences(id)).channel_types, { email: false })
  },
  'users.setPreferences': part(user, 'channel_types', { email: false }, (sdk, id) => sdk.users.setPreferences(id, off)),
  'users.bulkSetPreferences': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.users.bulkSetPreferences([id], off))
    assert.deepEqual((await setAt(world, user(id)))['channel_types'], { email: false })
  },
  'users.setChannelTypesPreferences': part(user, 'channel_types', { email: false }, (sdk, id) =>
    sdk.users.setChannelTypesPreferences(id, { email: false }),
  ),
  'users.setChannelTypePreferences': part(user, 'channel_types', { email: false }, (sdk, id) =>
    sdk.users.setChannelTypePreferences(id, 'email', false),
  ),
  'users.setWorkflowsPreferences': part(user, 'workflows', { invite: false }, (sdk, id) =>
    sdk.users.setWorkflowsPreferences(id, { invite: false }),
  ),
  'users.setWorkflowPreferences': part(user, 'workflows', { invite: false }, (sdk, id) =>
    sdk.users.setWorkflowPreferences(id, 'invite', false),
  ),
  'users.setCategoriesPreferences': part(user, 'categories', { social: false }, (sdk, id) =>
    sdk.users.setCategoriesPreferences(id, { social: false }),
  ),
  'users.setCategoryPreferences': part(user, 'categories', { social: false }, (sdk, id) =>
    sdk.users.setCategoryPreferences(id, 'social', false),
  ),
  'users.getChannelData': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${user(id)}/channel_data/${inbox}`, { data: { tokens: ['t1'] } })
    assert.ok(JSON.stringify(await sdk.users.getChannelData(id, inbox)).includes('t1'))
  },
  'users.setChannelData': async (sdk, world) => {
    const id = world.fresh()
    await sdk.users.setChannelData(id, inbox, { tokens: ['t2'] })
    assert.ok(JSON.stringify(await world.get(`${user(id)}/channel_data/${inbox}`)).includes('t2'))
  },
  'users.unsetChannelData': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${user(id)}/channel_data/${inbox}`, { data: { tokens: ['t1'] } })
    await sdk.users.unsetChannelData(id, inbox)
    assert.equal(await world.status(`${user(id)}/channel_data/${inbox}`), 404)
  },
  'users.getMessages': async (sdk, world) => {
    const { id, user } = await world.message()
    assert.deepEqual(idsOf((await sdk.users.getMessages(user)).items), [id])
  },
  'users.getSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await subscribe(world, id, [user])
    assert.deepEqual(
      (await sdk.users.getSubscriptions(user)).entries.map((each) => each.object.id),
      [id],
    )
  },
  'objects.set': async (sdk, world) => {
    const id = world.fresh()
    await sdk.objects.set(C, id, { name: 'Red' })
    assert.deepEqual((await world.get(object(id)))['properties'], { name: 'Red' })
  },
  'objects.get': async (sdk, world) => {
    const id = world.fresh()
    await put(world, object(id), { name: 'Red' })
    assert.deepEqual((await sdk.objects.get(C, id)).properties, { name: 'Red' })
  },
  'objects.list': async (sdk, world) => {
    const id = world.fresh()
    await put(world, object(id))
    assert.ok(idsOf((await sdk.objects.list(C)).entries).includes(id))
  },
  'objects.delete': async (sdk, world) => {
    const id = world.fresh()
    await put(world, object(id))
    await sdk.objects.delete(C, id)
    assert.equal(await world.status(object(id)), 404)
  },
  'objects.bulkSet': async (sdk, world) => {
    const id = world.fresh()
    await world.done(await sdk.objects.bulkSet(C, [{ id, name: 'Red' }]))
    assert.deepEqual((await world.get(object(id)))['properties'], { name: 'Red' })
  },
  'objects.bulkDelete': async (sdk, world) => {
    const id = world.fresh()
    await put(world, object(id))
    await world.done(await sdk.objects.bulkDelete(C, [id]))
    assert.equal(await world.status(object(id)), 404)
  },
  'objects.bulkAddSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await world.done(await sdk.objects.bulkAddSubscriptions(C, [{ id, recipients: [user] }]))
    assert.equal((await subscriptionsOf(world, user)).length, 1)
  },
  'objects.getChannelData': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${object(id)}/channel_data/${inbox}`, { data: { tokens: ['t1'] } })
    assert.ok(JSON.stringify(await sdk.objects.getChannelData(C, id, inbox)).includes('t1'))
  },
  'objects.setChannelData': async (sdk, world) => {
    const id = world.fresh()
    await sdk.objects.setChannelData(C, id, inbox, { tokens: ['t2'] })
    assert.ok(JSON.stringify(await world.get(`${object(id)}/channel_data/${inbox}`)).includes('t2'))
  },
  'objects.unsetChannelData': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${object(id)}/channel_data/${inbox}`, { data: { tokens: ['t1'] } })
    await sdk.objects.unsetChannelData(C, id, inbox)
    assert.equal(await world.status(`${object(id)}/channel_data/${inbox}`), 404)
  },
  'objects.getMessages': async (sdk, world) => {
    const id = world.fresh()
    assert.deepEqual((await sdk.objects.getMessages(C, id)).items, [])
  },
  'objects.getAllPreferences': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${object(id)}/preferences/default`, off)
    assert.deepEqual(idsOf(await sdk.objects.getAllPreferences(C, id)), ['default'])
  },
  'objects.getPreferences': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `${object(id)}/preferences/default`, off)
    assert.deepEqual((await sdk.objects.getPreferences(C, id)).channel_types, { email: false })
  },
  'objects.setPreferences': part(object, 'channel_types', { email: false }, (sdk, id) =>
    sdk.objects.setPreferences(C, id, off),
  ),
  'objects.setChannelTypesPreferences': part(object, 'channel_types', { email: false }, (sdk, id) =>
    sdk.objects.setChannelTypesPreferences(C, id, { email: false }),
  ),
  'objects.setChannelTypePreferences': part(object, 'channel_types', { email: false }, (sdk, id) =>
    sdk.objects.setChannelTypePreferences(C, id, 'email', false),
  ),
  'objects.setWorkflowsPreferences': part(object, 'workflows', { invite: false }, (sdk, id) =>
    sdk.objects.setWorkflowsPreferences(C, id, { invite: false }),
  ),
  'objects.setWorkflowPreferences': part(object, 'workflows', { invite: false }, (sdk, id) =>
    sdk.objects.setWorkflowPreferences(C, id, 'invite', false),
  ),
  'objects.setCategoriesPreferences': part(object, 'categories', { social: false }, (sdk, id) =>
    sdk.objects.setCategoriesPreferences(C, id, { social: false }),
  ),
  'objects.setCategoryPreferences': part(object, 'categories', { social: false }, (sdk, id) =>
    sdk.objects.setCategoryPreferences(C, id, 'social', false),
  ),
  'objects.listSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await subscribe(world, id, [user])
    assert.deepEqual(
      (await sdk.objects.listSubscriptions(C, id)).entries.map((each) => each.recipient.id),
      [user],
    )
  },
  'objects.getSubscriptions': async (sdk, world) => {
    const [id, inner] = [world.fresh(), world.fresh()]
    const recipients = [{ collection: C, id: inner }]
    await world.api.call('POST', `${object(id)}/subscriptions`, { body: { recipients } })
    assert.deepEqual(
      (await sdk.objects.getSubscriptions(C, inner)).entries.map((each) => each.object.id),
      [id],
    )
  },
  'objects.addSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await sdk.objects.addSubscriptions(C, id, { recipients: [user], properties: { role: 'owner' } })
    assert.deepEqual((await subscriptionsOf(world, user))[0]?.['properties'], { role: 'owner' })
  },
  'objects.deleteSubscriptions': async (sdk, world) => {
    const [id, user] = [world.fresh(), world.fresh()]
    await subscribe(world, id, [user])
    await sdk.objects.deleteSubscriptions(C, id, { recipients: [user] })
    assert.deepEqual(await subscriptionsOf(world, user), [])
  },
  'tenants.list': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `/v1/tenants/${id}`, { name: 'Acme' })
    assert.deepEqual(idsOf((await sdk.tenants.list({ tenant_id: id })).entries), [id])
  },
  'tenants.get': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `/v1/tenants/${id}`, { name: 'Acme' })
    assert.equal(((await sdk.tenants.get(id)) as { name?: string }).name, 'Acme')
  },
  'tenants.set': async (sdk, world) => {
    const id = world.fresh()
    await sdk.tenants.set(id, { name: 'Acme' })
    assert.equal((await world.get(`/v1/tenants/${id}`))['name'], 'Acme')
  },
  'tenants.delete': async (sdk, world) => {
    const id = world.fresh()
    await put(world, `/v1/tenants/${id}`)
    await sdk.tenants.delete(id)
    assert.equal(await world.status(`/v1/tenants/${id}`), 404)
  },
  'bulkOperations.get': async (sdk, world) => {
    const begun = await sdk.users.bulkIdentify([{ id: world.fresh() }])
    await world.done(begun)
    assert.equal((await sdk.bulkOperations.get(begun.id)).status, 'completed')
  },
  'messages.list': async (sdk, world) => {
    const { id } = await world.message()
    assert.ok(idsOf((await sdk.messages.list({ source: 'invite' })).items).includes(id))
  },
  'messages.get': async (sdk, world) => {
    const { id, user } = await world.message()
    assert.equal((await sdk.messages.get(id)).recipient, user)
  },
  'messages.getContent': async (sdk, world) => {
    const { id } = await world.message()
    assert.ok(JSON.stringify(await sdk.messages.getContent(id)).includes(id))
  },
  'messages.getEvents': async (sdk, world) => {
    const { id } = await world.message()
    await put(world, `/v1/messages/${id}/seen`)
    assert.ok((await sdk.messages.getEvents(id)).items.some(({ type }) => type === 'message.seen'))
  },
  'messages.getActivities': async (sdk, world) => {
    const { id, user } = await world.message()
    assert.ok(JSON.stringify((await sdk.messages.getActivities(id)).items).includes(user))
  },
  'messages.setStatus': async (sdk, world) => {
    const { id } = await world.message()
    await sdk.messages.setStatus(id, 'archived')
    assert.ok((await world.get(`/v1/messages/${id}`))['archived_at'])
  },
  'messages.deleteStatus': async (sdk, world) => {
    const { id } = await world.message()
    await put(world, `/v1/messages/${id}/archived`)
    await sdk.messages.deleteStatus(id, 'archived')
    assert.equal((await world.get(`/v1/messages/${id}`))['archived_at'] ?? null, null)
  },
  'messages.batchSetStatus': async (sdk, world) => {
    const { id } = await world.message()
    await sdk.messages.batchSetStatus([id], 'read')
    assert.ok((await world.get(`/v1/messages/${id}`))['read_at'])
  },
  'slack.getChannels': none((sdk) => sdk.slack.getChannels(slack)),
  'slack.authCheck': none((sdk) => sdk.slack.authCheck(slack)),
  'slack.revokeAccessToken': none((sdk) => sdk.slack.revokeAccessToken(slack)),
  'workflows.createSchedules': async (sdk, world) => {
    const id = world.fresh()
    const scheduled_at = '2040-01-31T09:00:00.000Z'
    await sdk.workflows.createSchedules('invite', { recipients: [id], scheduled_at, data: { n: 1 } })
    const [made] = await schedulesOf(world, user(id))
    assert.deepEqual([made!['workflow'], made!['data']], ['invite', { n: 1 }])
    assert.equal(Date.parse(made!['next_occurrence_at'] as string), Date.parse(scheduled_at))
  },
  'workflows.updateSchedules': async (sdk, world) => {
    const id = world.fresh()
    const schedule_ids = [await schedule(world, id)]
    await sdk.workflows.updateSchedules({ schedule_ids, data: { n: 2 } })
    assert.deepEqual(
      (await schedulesOf(world, user(id))).map(({ data }) => data),
      [{ n: 2 }],
    )
  },
  'workflows.listSchedules': async (sdk, world) => {
    const [id, other] = [world.fresh(), world.fresh()]
    const made = await schedule(world, id)
    await schedule(world, other)
    assert.deepEqual(idsOf((await sdk.workflows.listSchedules('invite', { recipients: [id] })).entries), [made])
  },
  'workflows.deleteSchedules': async (sdk, world) => {
    const id = world.fresh()
    const [made, kept] = [await schedule(world, id), await schedule(world, id)]
    await sdk.workflows.deleteSchedules({ schedule_ids: [made] })
    assert.deepEqual(
      (await schedulesOf(world, user(id))).map((each) => each['id']),
      [kept],
    )
  },
  'users.getSchedules': async (sdk, world) => {
    const id = world.fresh()
    const made = await schedule(world, id)
    assert.deepEqual(idsOf((await sdk.users.getSchedules(id)).entries), [made])
  },
  'objects.getSchedules': async (sdk, world) => {
    const id = world.fresh()
    const made = await schedule(world, { collection: C, id })
    assert.deepEqual(idsOf((await sdk.objects.getSchedules(C, id)).entries), [made])
  },
}

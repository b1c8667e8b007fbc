import { Knock as OlderKnock } from 'knock-node-0.6'
import Knock, { NotFoundError } from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { recipientKey, type RecipientReference } from '../../store/ids/recipient.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { startApi, SECRET_KEY, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['wait', 'feed'])
let api: ApiServer
let knock: Knock
let older: OlderKnock
before(async () => {
  api = await startApi(catalogOf(version))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: api.url })
  older = new OlderKnock(SECRET_KEY, { host: api.url })
})
after(() => api.close())

const subscribe = (collection: string, id: string, recipients: (string | { id: string; collection: string })[]) =>
  knock.objects.addSubscriptions(collection, id, { recipients })

/** Who a trigger reached, by their keys, with the object as whose subscriber they came. */
async function reached(trigger: { workflow_run_id: string }): Promise<Record<string, string | null>> {
  const { items } = await knock.workflowRecipientRuns.list({ ...trigger, page_size: 50 })
  const keyOf = (who: unknown) => recipientKey(who as RecipientReference)
  return Object.fromEntries(
    items.map((run) => {
      const { via } = run as unknown as { via: unknown }
      return [keyOf(run.recipient), via === null ? null : keyOf(via)] as const
    }),
  )
}

const outcomes = ({ recipients }: Verdict) =>
  Object.fromEntries(
    recipients.map(({ id, outcome }) => [typeof id === 'string' ? id : `${id.collection}#${id.id}`, outcome]),
  )

test('an object is set, laid over, read back, listed page by page and deleted', async () => {
  const set = await knock.objects.set('rooms', 'blue', { name: 'Blue', seats: 4 })
  assert.deepEqual([set.id, set.collection, set.properties], ['blue', 'rooms', { name: 'Blue', seats: 4 }])
  await knock.objects.set('rooms', 'blue', { seats: null, floor: 2 })
  assert.deepEqual((await knock.objects.get('rooms', 'blue')).properties, { name: 'Blue', floor: 2 })
  for (let i = 0; i < 7; i += 1) await older.objects.set('rooms', `r${i}`, { i })
  const ids: string[] = []
  for await (const object of knock.objects.list('rooms', { page_size: 3 })) {
    ids.push(object.id)
    // Added behind and before what was listed: neither moves what is still to come.
    if (ids.length === 2) {
      await knock.objects.set('rooms', 'aaa', {})
      await knock.objects.set('rooms', 'zzz', {})
    }
  }
  assert.deepEqual(ids, ['blue', 'r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'zzz'])
  const { page_info } = await knock.objects.list('rooms', { page_size: 3 })
  const second = await knock.objects.list('rooms', { page_size: 3, after: page_info.after! })
  const back = await knock.objects.list('rooms', {
    page_size: 3,
    before: (second.page_info as unknown as { before: string }).before,
  })
  assert.deepEqual(
    back.entries.map(({ id }) => id),
    ['aaa', 'blue', 'r0'],
  )
  await knock.objects.delete('rooms', 'blue')
  await assert.rejects(knock.objects.get('rooms', 'blue'), NotFoundError)
})

test('lists include preferences where they are asked for', async () => {
  await knock.objects.set('flats', 'one', { preferences: { default: { channel_types: { email: false } } } })
  const [object] = (await knock.objects.list('flats', { include: ['preferences'] })).entries
  const { preferences } = object as unknown as { preferences: { default: { channel_types: object } } }
  assert.deepEqual(preferences.default.channel_types, { email: false })
  await knock.users.update('lister', { preferences: { default: { categories: { a: false } } } })
  const users = await knock.users.list({ include: ['preferences'] })
  const lister = users.entries.find(({ id }) => id === 'lister') as unknown as { preferences: object }
  assert.deepEqual(Object.keys(lister.preferences), ['default'])
})

test('subscriptions are added with properties, listed from both sides, filtered and deleted', async () => {
  const [first] = await knock.objects.addSubscriptions('teams', 'red', {
    recipients: [{ id: 'ada', name: 'Ada' }],
    properties: { role: 'lead' },
  })
  assert.deepEqual(
    [first?.__typename, first?.properties, (first?.recipient as { name: string }).name, first?.object.id],
    ['Subscription', { role: 'lead' }, 'Ada', 'red'],
  )
  await subscribe('teams', 'red', ['ada', 'bob', { id: 'blue', collection: 'teams' }])
  const listed = (await knock.objects.listSubscriptions('teams', 'red')).entries
  assert.deepEqual(
    listed.map(({ recipient, properties }) => [recipient.id, properties]),
    [
      ['ada', { role: 'lead' }],
      ['bob', {}],
      ['blue', {}],
    ],
  )
  const some = await knock.objects.listSubscriptions('teams', 'red', {
    recipients: ['bob', { id: 'blue', collection: 'teams' }],
  })
  assert.deepEqual(
    some.entries.map(({ recipient }) => recipient.id),
    ['bob', 'blue'],
  )
  const byUser = await knock.users.listSubscriptions('ada', { objects: [{ collection: 'teams', id: 'red' }] })
  assert.deepEqual(
    byUser.entries.map(({ object }) => object.id),
    ['red'],
  )
  const byObject = await knock.objects.listSubscriptions('teams', 'blue', { mode: 'recipient' })
  assert.deepEqual(
    byObject.entries.map(({ object }) => object.id),
    ['red'],
  )
  assert.equal((await older.objects.listSubscriptions('teams', 'red', { page_size: 2 })).entries.length, 2)
  assert.equal((await older.users.getSubscriptions('ada')).entries.length, 1)
  const gone = await knock.objects.deleteSubscriptions('teams', 'red', { recipients: ['bob', 'nobody'] })
  assert.deepEqual(
    gone.map(({ recipient }) => recipient.id),
    ['bob'],
  )
  await older.objects.deleteSubscriptions('teams', 'red', { recipients: ['ada'] })
  assert.deepEqual((await knock.users.listSubscriptions('ada')).entries, [])
})

test('a trigger for an object reaches its subscribers, two levels deep, each once, and not the actor', async () => {
  await subscribe('orgs', 'top', ['ann', 'ben', 'boss', { collection: 'orgs', id: 'sub' }])
  await subscribe('orgs', 'sub', ['ben', 'cleo', { collection: 'orgs', id: 'deep' }])
  await subscribe('orgs', 'deep', ['too-deep'])
  const trigger = await knock.workflows.trigger('invite', {
    recipients: [{ collection: 'orgs', id: 'top' }, 'ann'],
    actor: 'boss',
  })
  assert.deepEqual(await reached(trigger), {
    ann: null,
    'orgs#top': null,
    ben: 'orgs#top',
    'orgs#sub': 'orgs#top',
    cleo: 'orgs#sub',
    'orgs#deep': 'orgs#sub',
  })
})

test('who is subscribed or not at the trigger counts, and a deleted user is subscribed no more', async () => {
  await subscribe('late', 'one', ['dan', 'eve'])
  await knock.users.update('eve', {})
  await knock.users.delete('eve')
  const first = await knock.workflows.trigger('invite', { recipients: [{ collection: 'late', id: 'one' }] })
  await subscribe('late', 'one', ['fay'])
  const second = await knock.workflows.trigger('invite', { recipients: [{ collection: 'late', id: 'one' }] })
  assert.deepEqual(Object.keys(await reached(first)).sort(), ['dan', 'late#one'])
  assert.deepEqual(Object.keys(await reached(second)).sort(), ['dan', 'fay', 'late#one'])
})

test('a cancel takes one subscriber, and a cancel of the object takes exactly who came via it alone', async () => {
  await subscribe('clubs', 'chess', ['gil', 'hal', 'ida', { collection: 'clubs', id: 'juniors' }])
  await subscribe('clubs', 'juniors', ['jim', 'hal'])
  await subscribe('clubs', 'music', ['ida'])
  const cancellation_key = 'clubs-1'
  const recipients = [{ collection: 'clubs', id: 'chess' }, { collection: 'clubs', id: 'music' }, 'kim']
  await knock.workflows.trigger('invite', { recipients, cancellation_key })
  const cancel = async (recipients: (string | { collection: string; id: string })[]) =>
    outcomes((await knock.workflows.cancel('invite', { cancellation_key, recipients })) as unknown as Verdict)
  assert.deepEqual(await cancel(['gil']), { gil: 'canceled' })
  // hal is a member of the club as well; jim came via the juniors alone.
  assert.deepEqual(await cancel([{ collection: 'clubs', id: 'juniors' }]), {
    'clubs#juniors': 'canceled',
    jim: 'canceled',
  })
  assert.deepEqual(await cancel([{ collection: 'clubs', id: 'chess' }]), {
    'clubs#chess': 'canceled',
    'clubs#juniors': 'already_canceled',
    gil: 'already_canceled',
    hal: 'canceled',
    jim: 'already_canceled',
  })
  const rest = (await knock.workflows.cancel('invite', { cancellation_key })) as unknown as Verdict
  assert.deepEqual(
    Object.entries(outcomes(rest))
      .flatMap(([key, outcome]) => (outcome === 'canceled' ? [key] : []))
      .sort(),
    ['clubs#music', 'ida', 'kim'],
  )
})

test('deleting an object cancels it, and not its subscribers, and ends its subscriptions', async () => {
  await subscribe('shops', 'one', ['lea'])
  await knock.workflows.trigger('invite', {
    recipients: [{ collection: 'shops', id: 'one' }],
    cancellation_key: 'shops-1',
  })
  await knock.objects.delete('shops', 'one')
  assert.deepEqual((await knock.objects.listSubscriptions('shops', 'one')).entries, [])
  const verdict = await knock.workflows.cancel('invite', { cancellation_key: 'shops-1' })
  assert.deepEqual(outcomes(verdict as unknown as Verdict), { 'shops#one': 'already_canceled', lea: 'canceled' })
})

test('channel data and messages of an object are its own', async () => {
  const channel = '6b3cf5a0-1f0e-4a3b-9a52-0b1f7a8d2c11'
  const put = await knock.objects.setChannelData('teams', 'chat', channel, { data: { tokens: ['a'] } })
  assert.deepEqual(await knock.objects.getChannelData('teams', 'chat', channel), put)
  await knock.objects.unsetChannelData('teams', 'chat', channel)
  await assert.rejects(knock.objects.getChannelData('teams', 'chat', channel), NotFoundError)
  assert.deepEqual((await knock.objects.listMessages('teams', 'chat')).items, [])
})

import { Knock as OlderKnock } from 'knock-node-0.6'
import Knock, { UnprocessableEntityError } from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import type { PreferenceSetRequest } from 'knock-node-1/resources/recipients/preferences'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

const steps = [
  { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } },
  { ref: 'email_1', type: 'channel', template: { subject: 'Hi', html_body: 'Hi' } },
]
const catalog = await catalogOfFiles({ plain: { categories: ['social'], steps } })

let api: ApiServer
let knock: Knock
let older: OlderKnock
before(async () => {
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: api.url })
  older = new OlderKnock(SECRET_KEY, { host: api.url })
})
after(() => api.close())

const nothing = { channel_types: null, channels: null, workflows: null, categories: null, commercial_subscribed: null }
const empty = (id: string) => ({ __typename: 'PreferenceSet', id, ...nothing })
const madeFor = async (recipient: string, tenant: string | null = null) =>
  (await startWalk(api.deps.store.db, catalog, 'plain', { recipient, tenant })).made()

test('a user without a set has an empty one, and what is set is read back, obeyed, and gone when removed', async () => {
  assert.deepEqual(await knock.users.getPreferences('ada', 'default'), empty('default'))
  assert.deepEqual(await knock.users.listPreferences('ada'), [])
  const set: PreferenceSetRequest = {
    channel_types: { email: false },
    workflows: {
      plain: { conditions: [{ variable: 'recipient.muted', operator: 'not_equal_to', argument: 'true' }] },
    },
  }
  const put = await knock.users.setPreferences('ada', 'default', set)
  assert.deepEqual(put, { ...empty('default'), ...set })
  assert.deepEqual(await knock.users.getPreferences('ada', 'default'), put)
  assert.deepEqual(await knock.users.listPreferences('ada'), [put])
  assert.deepEqual(await madeFor('ada'), ['feed_1'])
  await knock.users.update('ada', { muted: 'true' })
  assert.deepEqual(await madeFor('ada'), [])
  await knock.users.unsetPreferences('ada', 'default')
  assert.deepEqual(await knock.users.getPreferences('ada', 'default'), empty('default'))
  assert.deepEqual(await madeFor('ada'), ['feed_1', 'email_1'])
})

test('a PUT replaces, or with the strategy merge is laid over what is set, entry by entry', async () => {
  await knock.users.setPreferences('bob', 'default', { channel_types: { email: false }, categories: { social: true } })
  const merged = await knock.users.setPreferences('bob', 'default', {
    __persistence_strategy__: 'merge',
    channel_types: { sms: true },
  })
  assert.deepEqual([merged.channel_types, merged.categories], [{ email: false, sms: true }, { social: true }])
  const replaced = await knock.users.setPreferences('bob', 'default', { categories: { social: false } })
  assert.deepEqual([replaced.channel_types, replaced.categories], [null, { social: false }])
  assert.deepEqual(await madeFor('bob'), [])
})

test('merges of one set at the same time lose nothing of each other', async () => {
  const keys = Array.from({ length: 12 }, (_, i) => `w${i}`)
  await Promise.all(
    keys.map((key) =>
      knock.users.setPreferences('many', 'default', { __persistence_strategy__: 'merge', workflows: { [key]: false } }),
    ),
  )
  const { workflows } = await knock.users.getPreferences('many', 'default')
  assert.deepEqual(Object.keys(workflows ?? {}).sort(), keys.sort())
})

test('a set named after a tenant counts for triggers with the tenant, over the tenant’s own', async () => {
  await knock.users.setPreferences('carl', 'acme', { channel_types: { in_app_feed: false } })
  assert.deepEqual(await madeFor('carl', 'acme'), ['email_1'])
  assert.deepEqual(await madeFor('carl', 'other'), ['feed_1', 'email_1'])
  assert.deepEqual(
    (await knock.users.listPreferences('carl')).map(({ id }) => id),
    ['acme'],
  )
})

test('objects have sets of their own, and a set that cannot be is refused by its field', async () => {
  const put = await knock.objects.setPreferences('teams', 'red', 'default', { channel_types: { in_app_feed: false } })
  assert.deepEqual(await knock.objects.getPreferences('teams', 'red', 'default'), put)
  assert.deepEqual(await knock.objects.listPreferences('teams', 'red'), [put])
  assert.deepEqual(await madeFor('teams#red'), ['email_1'])
  await knock.objects.unsetPreferences('teams', 'red', 'default')
  assert.deepEqual(await knock.objects.listPreferences('teams', 'red'), [])
  await assert.rejects(
    knock.users.setPreferences('ada', 'default', { channel_types: { pigeon: true } as object }),
    (error: UnprocessableEntityError) => error instanceof UnprocessableEntityError && /pigeon/.test(error.message),
  )
})

test('sets given inline, at an identify or a trigger, are stored apart from the properties', async () => {
  const user = await knock.users.update('dora', {
    name: 'Dora',
    preferences: { default: { categories: { a: false } } },
  })
  assert.equal('preferences' in user, false)
  await knock.workflows.trigger('plain', {
    recipients: [
      { id: 'dora', preferences: { default: { __persistence_strategy__: 'merge', categories: { social: false } } } },
      { id: 'blue', collection: 'teams', preferences: { acme: { channel_types: { email: false } } } },
    ],
  })
  assert.deepEqual((await knock.users.getPreferences('dora', 'default')).categories, { a: false, social: false })
  assert.deepEqual((await knock.objects.getPreferences('teams', 'blue', 'acme')).channel_types, { email: false })
  assert.deepEqual(await madeFor('dora'), [])
  await knock.users.delete('dora')
  assert.deepEqual(await knock.users.getPreferences('dora', 'default'), empty('default'))
})

test('the older calls for a part of a set lay it over what is set, and answer the whole', async () => {
  await older.users.setPreferences('emil', { channel_types: { push: true } })
  await older.users.setChannelTypesPreferences('emil', { email: false })
  await older.users.setChannelTypePreferences('emil', 'sms', true)
  await older.users.setWorkflowsPreferences('emil', { plain: true })
  await older.users.setWorkflowPreferences('emil', 'other', { channel_types: { email: false } })
  await older.users.setCategoriesPreferences('emil', { news: false })
  const set = await older.users.setCategoryPreferences('emil', 'social', true)
  assert.deepEqual(set, {
    ...empty('default'),
    channel_types: { push: true, email: false, sms: true },
    workflows: { plain: true, other: { channel_types: { email: false } } },
    categories: { news: false, social: true },
  })
  assert.deepEqual(await older.users.getPreferences('emil'), set)
  assert.deepEqual(await older.users.getAllPreferences('emil'), [set])
  assert.deepEqual(await madeFor('emil'), ['feed_1'])
  const ofObject = await older.objects.setWorkflowPreferences('teams', 'green', 'plain', false)
  assert.deepEqual(ofObject, { ...empty('default'), workflows: { plain: false } })
  assert.deepEqual(await madeFor('teams#green'), [])
  await assert.rejects(older.users.setChannelTypePreferences('emil', 'pigeon' as 'sms', true))
})

test('where the environment has a set, what is set lies over it', async () => {
  const environment = await catalogOfFiles(
    { plain: { steps } },
    { 'preferences.json': { channel_types: { email: false } } },
  )
  const other = await startApi(environment)
  try {
    const client = new Knock({ apiKey: SECRET_KEY, baseURL: other.url })
    assert.deepEqual((await client.users.getPreferences('ada', 'default')).channel_types, { email: false })
    const set = await client.users.setPreferences('ada', 'default', { channel_types: { sms: false } })
    assert.deepEqual(set.channel_types, { email: false, sms: false })
    assert.deepEqual((await client.users.listPreferences('ada'))[0]?.channel_types, { sms: false })
  } finally {
    await other.close()
  }
})

import { Knock as OlderKnock } from 'knock-node-0.6'
import Knock, { NotFoundError } from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'

const steps = [
  {
    ref: 'feed_1',
    type: 'channel',
    channel_type: 'in_app_feed',
    template: { markdown_body: '{{ tenant.name }} {{ vars.branding.primary_color }}' },
  },
  { ref: 'email_1', type: 'channel', template: { subject: 'Hi', html_body: 'Hi' } },
]
const catalog = await catalogOfFiles({ plain: { steps } }, { 'preferences.json': { channel_types: { sms: false } } })
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

test('a tenant is set with branding, read back, laid over name by name, and seen by templates', async () => {
  const set = await knock.tenants.set('acme', {
    name: 'Acme',
    plan: 'pro',
    settings: { branding: { primary_color: '#112233', logo_url: 'https://acme.example/logo.png' } },
  })
  assert.deepEqual([set.__typename, set.name, set['plan']], ['Tenant', 'Acme', 'pro'])
  await older.tenants.set('acme', { settings: { branding: { primary_color: '#445566' } } })
  const got = await knock.tenants.get('acme')
  assert.deepEqual(got.settings?.branding, { primary_color: '#445566', logo_url: 'https://acme.example/logo.png' })
  assert.deepEqual(await older.tenants.get('acme'), got)
  const walked = await startWalk(api.deps.store.db, catalog, 'plain', { recipient: 'ada', tenant: 'acme' })
  const [message] = await walked.messages()
  assert.match(JSON.stringify(message?.content), /Acme #445566/)
})

test('a tenant’s preference set is merged unless it replaces, obeyed, and shown over the environment’s if asked', async () => {
  await knock.tenants.set('opt', { settings: { preference_set: { channel_types: { email: false } } } })
  const merged = await knock.tenants.set('opt', { settings: { preference_set: { categories: { a: false } } } })
  const { channel_types, categories } = merged.settings!.preference_set!
  assert.deepEqual([channel_types, categories], [{ email: false }, { a: false }])
  const resolved = await knock.tenants.get('opt', { resolve_full_preference_settings: true })
  assert.deepEqual(resolved.settings?.preference_set?.channel_types, { email: false, sms: false })
  const made = async (recipient: string) =>
    (await startWalk(api.deps.store.db, catalog, 'plain', { recipient, tenant: 'opt' })).made()
  assert.deepEqual(await made('bob'), ['feed_1'])
  await knock.users.setPreferences('bob', 'opt', { channel_types: { email: true } })
  assert.deepEqual(await made('bob'), ['feed_1', 'email_1'])
  assert.deepEqual((await knock.users.getPreferences('carl', 'opt')).channel_types, { email: false, sms: false })
  const replaced = await knock.tenants.set('opt', {
    settings: { preference_set: { __persistence_strategy__: 'replace', categories: { b: true } } },
  })
  assert.equal(replaced.settings?.preference_set?.channel_types, null)
})

test('tenants are listed, found by name and id, stored by a trigger that describes one, and deleted', async () => {
  await knock.tenants.set('listed-1', { name: 'First' })
  await knock.workflows.trigger('plain', { recipients: ['ada'], tenant: { id: 'listed-2', name: 'Second' } })
  const ids = async (query: object) => (await knock.tenants.list(query)).entries.map(({ id }) => id)
  assert.deepEqual(await ids({ name: 'Second' }), ['listed-2'])
  assert.deepEqual(await ids({ tenant_id: 'listed-1' }), ['listed-1'])
  const all: string[] = []
  for await (const { id } of knock.tenants.list({ page_size: 1 })) all.push(id)
  assert.deepEqual(all, [...all].sort())
  assert.ok(all.includes('listed-1') && all.includes('listed-2'))
  await older.tenants.delete('listed-1')
  await knock.tenants.delete('listed-2')
  await assert.rejects(knock.tenants.get('listed-2'), NotFoundError)
})

test('tenants are the objects of the collection $tenants: one thing by two paths', async () => {
  const set = await knock.objects.set('$tenants', 'obj', {
    name: 'Obj',
    settings: { branding: { primary_color: '#111' } },
  })
  assert.deepEqual([set.collection, set.id, set.properties?.['name']], ['$tenants', 'obj', 'Obj'])
  assert.deepEqual((await knock.tenants.get('obj')).settings?.branding, { primary_color: '#111' })
  await knock.tenants.set('obj', { plan: 'pro' })
  assert.equal((await older.objects.get('$tenants', 'obj')).properties['plan'], 'pro')
  const listed: string[] = []
  for await (const { id } of knock.objects.list('$tenants', { page_size: 2 })) listed.push(id)
  assert.ok(listed.includes('obj'))

  await knock.objects.setPreferences('$tenants', 'obj', 'default', { channel_types: { email: false } })
  assert.deepEqual((await knock.tenants.get('obj')).settings?.preference_set?.channel_types, { email: false })
  assert.deepEqual((await knock.objects.getPreferences('$tenants', 'obj', 'default')).channel_types, {
    email: false,
    sms: false,
  })
  const sets = await knock.objects.listPreferences('$tenants', 'obj')
  assert.deepEqual(
    sets.map(({ id }) => id),
    ['default'],
  )
  const walked = () => startWalk(api.deps.store.db, catalog, 'plain', { recipient: 'ada', tenant: 'obj' })
  assert.deepEqual(await (await walked()).made(), ['feed_1'])
  await knock.objects.unsetPreferences('$tenants', 'obj', 'default')
  assert.equal((await knock.tenants.get('obj')).settings?.preference_set, null)
  assert.deepEqual(await (await walked()).made(), ['feed_1', 'email_1'])

  await knock.objects.delete('$tenants', 'obj')
  await assert.rejects(knock.tenants.get('obj'), NotFoundError)
})

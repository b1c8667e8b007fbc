import Knock from 'knock-node-1'
import { Knock as Knock06 } from 'knock-node-0.6'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { emailChannel, feedChannel } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { openWorld, type World } from '../../testing/sdk/world.ts'

let world: World
let knock: Knock
let older: Knock06
before(async () => {
  world = await openWorld()
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: world.api.url, maxRetries: 0 })
  older = new Knock06(SECRET_KEY, { host: world.api.url })
})
after(() => world.api.close())

/** Ids as products have them. Two that look alike are two people. */
const ids = [
  'ada@example.com',
  'ada+news@example.com',
  'ada news@example.com',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  ' blank before and after ',
  '日本語',
  'Zoë',
  'Zoe\u0308',
  'ADA',
  'ada',
  '👩‍👩‍👧‍👦',
  'a:b;c,d=e',
  '"quoted" <b> \\ \'',
  '{id}',
  '[0]',
  '*',
  '-1',
  '0',
  'null',
  'undefined',
  'default',
  'bulk',
  'batch',
  '__proto__',
  'constructor',
  '$tenants',
  'x'.repeat(256),
  '語'.repeat(256),
]
/** Their characters mean something in a URL: only a client that encodes its paths reaches them. */
const encoded = ['%2F', '100%', 'a%20b', 'who?is=it&so', '..%2f..']
/** What an object may be called besides. */
const ofObjects = ['a/b', 'a#b', '/', 'https://example.com/a?b#c']

test('people with odd ids are set, triggered, canceled, subscribed, scheduled and told, each under their own id', async () => {
  for (const id of [...ids, ...encoded]) {
    const key = world.fresh()
    await knock.users.update(id, { name: `of ${id}` })
    assert.deepEqual([(await knock.users.get(id)).id, (await knock.users.get(id)).name], [id, `of ${id}`])
    const { id: message } = await world.message(id)
    const items = (await knock.users.feeds.listItems(id, feedChannel.id)).entries
    assert.deepEqual(
      items.map((item) => item.id),
      [message],
    )
    assert.equal((await knock.messages.get(message)).recipient, id)
    await knock.users.setPreferences(id, 'default', { channel_types: { email: false } })
    assert.deepEqual((await knock.users.getPreferences(id, 'default')).channel_types, { email: false })
    await knock.users.setChannelData(id, emailChannel.id, { data: { tokens: [key] } })
    assert.ok(JSON.stringify(await knock.users.getChannelData(id, emailChannel.id)).includes(key))
    await knock.objects.addSubscriptions('teams', key, { recipients: [id] })
    const [subscription] = (await knock.users.listSubscriptions(id)).entries
    assert.equal((subscription?.object as { id: string }).id, key)
    const of = (await knock.objects.listSubscriptions('teams', key, { recipients: [id] })).entries
    assert.deepEqual(
      of.map(({ recipient }) => recipient.id),
      [id],
    )
    await knock.schedules.create({ workflow: 'invite', recipients: [id], repeats: [{ frequency: 'daily', hours: 8 }] })
    assert.equal((await knock.users.listSchedules(id)).entries.length, 1)
    await knock.workflows.trigger('invite', { recipients: [id, 'bystander'], cancellation_key: key })
    const verdict = (await knock.workflows.cancel('invite', { cancellation_key: key, recipients: [id] })) as unknown
    assert.deepEqual(
      (verdict as Verdict).recipients.map((each) => [each.id, each.outcome]),
      [[id, 'canceled']],
    )
  }
  const listed: string[] = []
  for await (const user of knock.users.list({ page_size: 7 })) listed.push(user.id)
  assert.deepEqual(
    [...ids, ...encoded].filter((id) => !listed.includes(id)),
    [],
  )
  for (const id of [...ids, ...encoded]) {
    await knock.users.delete(id)
    assert.equal((await knock.users.get(id).catch((error: unknown) => error as { status: number })).status, 404, id)
  }
})

test('a client that does not encode its paths reaches all whose ids mean nothing in a URL', async () => {
  for (const id of ids) {
    if (id.trim() !== id || /["<>\\{}]/.test(id)) continue
    await older.users.identify(id, { name: `older ${id}` })
    assert.equal((await world.get(`/v1/users/${encodeURIComponent(id)}`))['name'], `older ${id}`)
    assert.equal((await older.users.get(id)).id, id)
  }
})

test('objects and tenants with odd ids, with slashes, too', async () => {
  for (const id of [...ids.filter((_id, n) => n % 3 === 0), ...encoded, ...ofObjects]) {
    await knock.objects.set('teams', id, { name: id })
    const read = await knock.objects.get('teams', id)
    assert.deepEqual([read.id, read.properties?.['name']], [id, id])
    const user = world.fresh()
    await knock.objects.addSubscriptions('teams', id, { recipients: [user] })
    const key = world.fresh()
    await knock.workflows.trigger('invite', { recipients: [{ collection: 'teams', id }], cancellation_key: key })
    const answer: unknown = await knock.workflows.cancel('invite', {
      cancellation_key: key,
      recipients: [{ collection: 'teams', id }],
    })
    const { recipients } = answer as Verdict
    assert.deepEqual(recipients.map((each) => each.outcome).sort(), ['canceled', 'canceled'])
    await knock.tenants.set(id, { name: id })
    assert.equal((await knock.tenants.get(id)).id, id)
    assert.equal((await knock.objects.get('$tenants', id)).properties?.['name'], id)
    await knock.tenants.delete(id)
    await knock.objects.delete('teams', id)
  }
})

test('what is no id is refused, naming the field, and never takes part of it for another', async () => {
  for (const id of ['a/b', 'a#b', '.', '..', 'x'.repeat(257), '']) {
    const body = { recipients: [id], cancelation_key: world.fresh() }
    const { status, body: told } = await world.api.call('POST', '/v1/workflows/invite/trigger', { body })
    assert.equal(status, 422, id)
    assert.match((told as { errors: { field: string }[] }).errors[0]!.field, /^recipients\[0\]/)
  }
  for (const path of ['a%2Fb', 'a%23b', 'x'.repeat(257)])
    assert.equal((await world.api.call('PUT', `/v1/users/${path}`, { body: {} })).status, 422, path)
  for (const path of ['50%', '%zz', '%C3', '%00']) {
    const { status } = await world.api.call('PUT', `/v1/users/${path}`, { body: {} })
    assert.ok(status >= 400 && status < 500, `${path}: ${status}`)
  }
})

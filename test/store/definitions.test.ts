import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Catalog } from '../../definitions/catalog.ts'
import type { Definition } from '../../definitions/definition.ts'
import { uuidOf, versionOf } from '../../definitions/version.ts'
import type { Store } from '../../store/postgres/database.ts'
import { definitionKnown, loadChannels, loadDefinitions, publishCatalog } from '../../store/catalog/definitions.ts'
import { channels as channelRows } from '../../store/schema/index.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

let store: Store
before(async () => {
  store = await testPglite()
  await store.migrate()
})
after(() => store.close())

const version = (key: string, markdownBody: string) => {
  const channel = { key: 'in-app-feed', id: uuidOf('in-app-feed') }
  const template = { markdownBody, actionUrl: null, actionButtons: [] }
  const definition: Definition = {
    key,
    name: key,
    categories: ['examples'],
    active: true,
    steps: [
      { type: 'delay', ref: 'delay_1', name: 'Wait', delayFor: { unit: 'days', value: 1 }, delayUntil: null, next: 1 },
      { type: 'channel', ref: 'feed_1', name: 'Feed', channel, channelType: 'in_app_feed', template, next: null },
    ],
  }
  return versionOf(definition)
}
const channel = (key: string, settings: Record<string, unknown> = {}) =>
  ({ key, id: uuidOf(key), type: 'email', name: key, provider: 'smtp', settings }) as const
const catalog = (versions: ReturnType<typeof version>[], channels: Catalog['channels'] = []): Catalog => ({
  definitions: new Map(versions.map((each) => [each.definition.key, each])),
  channels,
})

test('a published version is loaded as it was, by its hash, also after a newer one was published', async () => {
  const [first, second] = [version('hello', 'One'), version('hello', 'Two')]
  await publishCatalog(store.db, catalog([first]))
  await publishCatalog(store.db, catalog([second]))
  const loaded = await loadDefinitions(store.db, [first.hash, second.hash, 'no such hash'])
  assert.deepEqual(loaded, new Map([first, second].map((each) => [each.hash, each])))
  // What comes back has the same hash again: the store has not changed a letter.
  assert.equal(versionOf(loaded.get(first.hash)!.definition).hash, first.hash)
  assert.deepEqual(await loadDefinitions(store.db, []), new Map())
})

test('a key stays known when its definition is gone from the folder', async () => {
  await publishCatalog(store.db, catalog([version('gone', 'One')]))
  await publishCatalog(store.db, catalog([]))
  assert.equal(await definitionKnown(store.db, 'gone'), true)
  assert.equal(await definitionKnown(store.db, 'never'), false)
})

test('a channel is what was published last, none is removed, and an unchanged one keeps its times', async () => {
  const [kept, changed] = [channel('kept'), channel('changed', { from: 'a@example.com' })]
  await publishCatalog(store.db, catalog([], [kept, changed]))
  const before = new Map((await store.db.select().from(channelRows)).map((row) => [row.key, row.updatedAt]))
  const now = { ...changed, name: 'New name', settings: { from: '$FROM', nested: { list: [1, 2] } } }
  await publishCatalog(store.db, catalog([], [now]))
  await publishCatalog(store.db, catalog([], [kept]))
  assert.deepEqual(await loadChannels(store.db), [now, kept])
  const after = new Map((await store.db.select().from(channelRows)).map((row) => [row.key, row.updatedAt]))
  assert.deepEqual(after.get('kept'), before.get('kept'))
  assert.ok(after.get('changed')! > before.get('changed')!)
})

test('several apis may publish the same at once', async () => {
  const same = catalog([version('together', 'One'), version('together-2', 'Two')], [channel('x'), channel('y')])
  await Promise.all(Array.from({ length: 5 }, () => publishCatalog(store.db, same)))
  assert.equal(await definitionKnown(store.db, 'together-2'), true)
})

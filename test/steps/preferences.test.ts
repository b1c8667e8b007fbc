import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { upsertUsers } from '../../store/profiles/users.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const steps = [
  { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } },
  { ref: 'email_1', type: 'channel', template: { subject: 'Hi', html_body: 'Hi' } },
]
const catalog = await catalogOfFiles(
  { plain: { steps }, urgent: { settings: { override_preferences: true }, steps } },
  { 'preferences.json': { channel_types: { email: false } } },
)

onEachStore(catalog, (store) => {
  test('what the environment’s preferences do not want is skipped, with the rule that held it back', async () => {
    const walked = await startWalk(store(), catalog, 'plain', { recipient: randomUUID() })
    assert.deepEqual(await walked.made(), ['feed_1'])
    const [[ref, event, data] = []] = await walked.events()
    assert.deepEqual([ref, event, data?.['blocked_by']], ['email_1', 'step_skipped', 'channel_types.email'])
  })

  test('a recipient’s own preferences lie over the environment’s, and some workflows ask nobody', async () => {
    const recipient = randomUUID()
    const preferences = { default: { channel_types: { email: true, in_app_feed: false } } }
    await upsertUsers(store(), [
      { id: recipient, properties: {}, preferences: { default: { strategy: 'replace', set: preferences.default } } },
    ])
    assert.deepEqual(await (await startWalk(store(), catalog, 'plain', { recipient })).made(), ['email_1'])
    assert.deepEqual(await (await startWalk(store(), catalog, 'urgent', { recipient })).made(), ['feed_1', 'email_1'])
  })
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { GroupExplanation } from '../../conditions/explanation.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const steps = [
  { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } },
  { ref: 'email_1', type: 'channel', template: { subject: 'Hi', html_body: 'Hi' } },
]
process.env['PREFERENCES_TEST_KEY'] = 'hunter2hunter2'
const unlessKey = (variable: string, argument: string) => ({
  conditions: [{ variable, operator: 'not_equal_to', argument }],
})
const catalog = await catalogOfFiles(
  { plain: { steps }, urgent: { settings: { override_preferences: true }, steps }, keyed: { steps: [steps[0]] } },
  {
    'preferences.json': {
      channel_types: { email: false, in_app_feed: unlessKey('data.key', 'vars.key') },
      workflows: { keyed: unlessKey('vars.key', 'data.key') },
    },
    'vars.json': { key: '$PREFERENCES_TEST_KEY' },
  },
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

  test('a secret of vars.json that a preference asks for is compared, and not shown', async () => {
    const other = await startWalk(store(), catalog, 'keyed', { recipient: randomUUID(), data: { key: 'another' } })
    assert.deepEqual(await other.made(), ['feed_1'])
    const data = { key: 'hunter2hunter2' }
    const held = await startWalk(store(), catalog, 'keyed', { recipient: randomUUID(), data })
    assert.deepEqual(await held.made(), [])
    const [[, event, shown] = []] = await held.events()
    assert.equal(event, 'step_skipped')
    const compared = (shown!['rules'] as unknown as { conditions: GroupExplanation }[]).map(
      ({ conditions }) => conditions.conditions[0],
    )
    const kept = { operator: 'not_equal_to', result: false }
    assert.deepEqual(compared, [
      { ...kept, variable: 'data.key', argument: 'vars.key', value: data.key, compared_with: '[secret]' },
      { ...kept, variable: 'vars.key', argument: 'data.key', value: '[secret]', compared_with: data.key },
    ])
  })

  test('the argument of a preference is rendered where it is Liquid, and one that fails holds back and says why', async () => {
    const own = async (argument: string, data: JsonObject) => {
      const recipient = randomUUID()
      const conditions = [{ variable: 'data.plan', operator: 'equal_to', argument }]
      const set = { channel_types: { in_app_feed: { conditions } } }
      await upsertUsers(store(), [
        { id: recipient, properties: { plan: 'pro' }, preferences: { default: { strategy: 'replace', set } } },
      ])
      const walked = await startWalk(store(), catalog, 'plain', { recipient, data })
      return { made: await walked.made(), told: JSON.stringify((await walked.events())[0]) }
    }
    const LIQUID = '{{ recipient.plan }}{{ data.more }}'
    assert.deepEqual((await own(LIQUID, { plan: 'pro' })).made, ['feed_1'])
    const other = await own(LIQUID, { plan: 'pro', more: '+' })
    assert.deepEqual(other.made, [])
    assert.match(other.told, /"compared_with":"pro\+"/)
    const failed = await own('{% render "nowhere" %}', { plan: 'pro' })
    assert.deepEqual(failed.made, [])
    // The reason might quote a secret, of which there is one.
    assert.match(failed.told, /"problem":"the argument could not be rendered"/)
  })

  test('a stored condition that cannot be used any more holds back what it stands at, and the rest of the set goes on', async () => {
    const recipient = randomUUID()
    const feed = { conditions: [{ variable: 'recipient.muted', operator: 'was_once_known' }] }
    const set = { channel_types: { in_app_feed: feed, email: true } }
    await upsertUsers(store(), [
      { id: recipient, properties: {}, preferences: { default: { strategy: 'replace', set } } },
    ])
    const walked = await startWalk(store(), catalog, 'plain', { recipient })
    assert.deepEqual(await walked.made(), ['email_1'])
    assert.match(JSON.stringify(await walked.events()), /"blocked_by":"channel_types\.in_app_feed"/)
  })
})

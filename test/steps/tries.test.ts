import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { recipientRuns } from '../../store/schema/index.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { cancel } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feedOf = (ref: string, markdown_body: string) => {
  return { ref, type: 'channel', channel_type: 'in_app_feed', template: { markdown_body } }
}
const last = feedOf('last', 'Hi')
const of = (type: string, settings: object) => ({ ref: 'tried', type, settings })
const DATA = '{"a": {{ recipient.word }}}'
/** Each fails as long as the recipient has no `word`, or a `due` that is none. */
const failing: Record<string, { step: object; acts?: true; reason: RegExp }> = {
  channel: {
    step: {
      ...feedOf('tried', 'Hi'),
      template: { markdown_body: 'Hi', action_url: '{{ recipient.word | default: "javascript:x" }}' },
    },
    reason: /action_url: is an address that is not safe to open/,
  },
  delay: { step: of('delay', { delay_until_field_path: 'recipient.due' }), reason: /recipient\.due/ },
  update_data: { step: of('update_data', { data: DATA }), reason: /data must render as a JSON object/ },
  update_user: {
    step: of('update_user', { update_properties: DATA }),
    acts: true,
    reason: /update_properties must render as a JSON object/,
  },
  trigger_workflow: {
    step: of('trigger_workflow', { workflow_key: '{{ recipient.word | default: "never-was" }}' }),
    acts: true,
    reason: /no workflow has the key never-was/,
  },
}
const workflows = Object.fromEntries(Object.entries(failing).map(([key, { step }]) => [key, { steps: [step, last] }]))
const catalog = await catalogOfFiles({
  ...workflows,
  ours: {
    steps: [
      { ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'hours', value: 1 } } },
      feedOf('tried', 'Hi'),
    ],
  },
})
const noon = Date.parse('2030-05-01T12:00:00Z')

onEachStore(catalog, (store) => {
  const start = (key: string, given: object = {}) => {
    return startWalk(store(), catalog, key, { recipient: randomUUID(), now: noon, ...given })
  }
  const names = (events: [string, string, object][]) => events.map(([ref, event]) => `${ref} ${event}`)

  for (const [key, { acts, reason }] of Object.entries(failing)) {
    test(`a ${key} step that fails is tried three times, and then ends its recipient’s run, visibly`, async () => {
      const walked = await start(key)
      if (acts === true) await walked.act(noon)
      const first = await walked.row()
      assert.deepEqual([first.status, first.attempt, first.due], ['waiting', 1, noon + 5_000])
      await (acts === true ? walked.act : walked.walk)(noon + 5_000)
      assert.deepEqual([(await walked.row()).attempt, (await walked.row()).due], [2, noon + 20_000])
      await walked.tryToTheEnd()
      const { status, errorCount } = await walked.row()
      assert.deepEqual([status, errorCount, await walked.made()], ['ended', 1, []])
      const events = await walked.events()
      assert.deepEqual(names(events), ['tried step_retried', 'tried step_retried', 'tried step_failed'])
      for (const [, , data] of events) {
        assert.equal(data['fault'], 'workflow')
        assert.match(data['reason'] as string, reason)
      }
    })
  }

  test('a step that works at its second try goes on, and the next one has tries of its own', async () => {
    const recipient = randomUUID()
    const walked = await start('update_data', { recipient })
    await upsertUsers(store(), [{ id: recipient, properties: { word: 1 } }])
    await walked.tryToTheEnd()
    assert.deepEqual(await walked.made(), ['last'])
    assert.deepEqual(names(await walked.events()), ['tried step_retried', 'tried step_decided'])
    assert.deepEqual([(await walked.row()).errorCount, (await walked.row()).attempt], [0, 0])
  })

  test('a cancel between two tries takes the recipient out', async () => {
    for (const key of ['channel', 'update_user']) {
      const own = randomUUID()
      const walked = await start(key, { key: own })
      if (key === 'update_user') await walked.act(noon)
      const { verdict } = await cancel(store(), catalog.definitions.get(key)!, own)
      assert.equal(verdict.summary.canceled, 1)
      await walked.tryToTheEnd()
      assert.deepEqual([(await walked.row()).status, await walked.made()], ['canceled', []])
    }
  })

  test('what Belay itself cannot carry out is tried as often, and is told apart', async () => {
    const walked = await start('ours')
    const due = (await walked.row()).due!
    // More messages than a row can count: the store refuses the next one.
    await store().update(recipientRuns).set({ messages: 32_767 }).where(eq(recipientRuns.id, walked.id))
    await walked.walk(due)
    assert.deepEqual([(await walked.row()).status, (await walked.row()).due], ['waiting', due + 5_000])
    await walked.tryToTheEnd()
    const events = await walked.events()
    assert.deepEqual(names(events), ['delay_1 step_retried', 'delay_1 step_retried', 'delay_1 step_failed'])
    const data = { reason: 'could not be carried out: see the worker’s log', fault: 'belay' }
    assert.deepEqual(events[2]![2], data)
    assert.deepEqual([(await walked.row()).status, (await walked.row()).errorCount], ['ended', 1])
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepKinds } from '../../steps/registry.ts'
import { trialKind } from '../../testing/fixtures/trial-kind/kind.ts'

// One line in the registry is all that a kind needs: what reads the registry is imported after it.
Object.assign(stepKinds, { trial: trialKind })
const { catalogOfFiles, startWalk } = await import('../../testing/fixtures/walked.ts')
const { notificationsFolder, problemsOf } = await import('../../testing/fixtures/notifications-folder.ts')
const { onEachStore } = await import('../../testing/servers/each-store.ts')

const feed = (ref: string, body: string) => ({
  ref,
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: body },
  conditions: { all: [{ variable: 'refs.trial_1.word', operator: 'equal_to', argument: 'yes' }] },
})
const trial = { ref: 'trial_1', type: 'trial', seconds: 60, word: 'yes' }
const isDue = { all: [{ variable: 'data.due', operator: 'equal_to', argument: true }] }
const catalog = await catalogOfFiles({
  tried: { steps: [trial, feed('after', 'Hi')] },
  asked: { steps: [{ ...trial, conditions: isDue }, feed('after', 'Hi')] },
})

onEachStore(catalog, (store) => {
  test('a kind of step with a folder and a line in the registry is read, waits, remembers and goes on', async () => {
    const acceptedAt = Date.parse('2026-06-01T12:00:00Z')
    const walked = await startWalk(store(), catalog, 'tried', { acceptedAt })
    const asleep = await walked.row()
    assert.equal(asleep.status, 'waiting')
    assert.deepEqual(await walked.made(), [])
    await walked.walk(asleep.due! + 1)
    assert.deepEqual(await walked.made(), ['after'])
    assert.equal((await walked.row()).status, 'ended')
  })

  test('its conditions are asked as those of any step', async () => {
    const kept = await startWalk(store(), catalog, 'asked', { data: { due: false } })
    assert.deepEqual((await kept.events())[0]?.slice(0, 2), ['trial_1', 'step_skipped'])
    assert.equal((await kept.row()).status, 'ended')
    const held = await startWalk(store(), catalog, 'asked', { data: { due: true } })
    assert.equal((await held.row()).status, 'waiting')
  })
})

test('its part of a file is checked as any other', async () => {
  const files = { 'tried/workflow.json': { steps: [{ ...trial, seconds: 0, wird: 'no' }, feed('after', 'Hi')] } }
  const problems = await problemsOf(notificationsFolder(files))
  assert.deepEqual(
    problems.map(({ step, field }) => [step, field]),
    [
      ['trial_1', 'seconds'],
      ['trial_1', 'wird'],
    ],
  )
})

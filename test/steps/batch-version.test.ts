import assert from 'node:assert/strict'
import { test } from 'node:test'
import { desc, eq } from 'drizzle-orm'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { traceOf } from '../../store/recipient-runs/recipient-run-events.ts'
import { stepNumber } from '../../store/recipient-runs/step-number.ts'
import { recipientRunEvents, triggers } from '../../store/schema/index.ts'
import { Digests } from '../../testing/fixtures/digests.ts'
import { rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const T = Date.UTC(2030, 0, 1)
const MINUTE = 60_000
const CLOSE = T + 10 * MINUTE

const batch = (mode: string) => ({
  ref: 'batch_1',
  type: 'batch',
  settings: { batch_window: { unit: 'minutes', value: 10 }, workflow_version_mode: mode },
})
const story = (mode: string, text: string, ...before: object[]) => ({
  story: { steps: [...before, batch(mode), feedStep('digest', `${text} {{ total_activities }}`)] },
})

const old = await catalogOfFiles(story('latest', 'old'))
/** The batch is the second step here. */
const current = await catalogOfFiles(story('latest', 'new', feedStep('now', 'at once')))
const pinned = await catalogOfFiles(story('pinned', 'pinned'))

const triggering = (ref: string) => ({
  ref,
  type: 'trigger_workflow',
  settings: { workflow_key: 'child', data: `{"by": "${ref}"}` },
})
const never = {
  ...feedStep('never', 'Hi'),
  conditions: { all: [{ variable: 'data.no', operator: 'equal_to', argument: 'x' }] },
}
const child = { child: { steps: [feedStep('child', 'Hi')] } }
/** What triggers is the second step of either version, and the batch in between the third and the first. */
const before = await catalogOfFiles({
  story: { steps: [never, triggering('first'), batch('latest'), feedStep('digest', 'Hi')] },
  ...child,
})
const after = await catalogOfFiles({
  story: { steps: [batch('latest'), triggering('second'), feedStep('digest', 'Hi')] },
  ...child,
})

onEachStore(old, (store) => {
  test('in latest mode a batch stays open across versions, and goes on in the newest that has the step so', async () => {
    const db = store()
    const digests = new Digests(db, old, 'story')
    const version = current.definitions.get('story')!
    const opener = await digests.come(T, 'a', {}, { recipient: 'latest' })
    await publishCatalog(db, current, T + MINUTE)
    const joined = await digests.come(T + MINUTE, 'b', {}, { recipient: 'latest', version })
    assert.equal(await digests.due(joined), null)
    await digests.wake(CLOSE, opener)
    assert.deepEqual(await digests.texts(opener), ['new 2'])
    assert.equal((await rowNow(db, opener.row)).definitionHash, version.hash)

    const last = await digests.come(T + 20 * MINUTE, 'c', {}, { recipient: 'latest', version })
    await publishCatalog(db, pinned, T + 21 * MINUTE)
    await digests.wake(T + 30 * MINUTE, last)
    assert.deepEqual(await digests.texts(last), ['at once', 'new 1'], 'the newest has it otherwise')
  })

  test('a pinned batch is gathered by version, and goes on in the one that opened it', async () => {
    const db = store()
    const digests = new Digests(db, pinned, 'story')
    const other = (await catalogOfFiles(story('pinned', 'other'))).definitions.get('story')!
    await publishCatalog(db, { ...pinned, definitions: new Map([['story', other]]) }, T)
    const opener = await digests.come(T, 'a', {}, { recipient: 'pinned' })
    const apart = await digests.come(T, 'b', {}, { recipient: 'pinned', version: other })
    await digests.wake(CLOSE, opener)
    await digests.wake(CLOSE, apart)
    assert.deepEqual([await digests.texts(opener), await digests.texts(apart)], [['pinned 1'], ['other 1']])
  })

  test('the steps of both versions are told apart: what each triggers is triggered, and events name their own', async () => {
    const db = store()
    await publishCatalog(db, before, T)
    const walked = await startWalk(db, before, 'story', { recipient: 'apart', now: T })
    await walked.act(T)
    await publishCatalog(db, after, T + MINUTE)
    await walked.walk(CLOSE)
    await walked.act(CLOSE)
    const found = await db.select({ data: triggers.data }).from(triggers).orderBy(desc(triggers.id)).limit(2)
    assert.deepEqual(found.reverse(), [{ data: { by: 'first' } }, { data: { by: 'second' } }])
    const { events } = await traceOf(db, { id: walked.id, cancel_id: null })
    assert.deepEqual(
      events.map(({ step_ref, event }) => `${step_ref} ${event}`),
      ['never step_skipped', 'first step_decided', 'batch_1 step_decided', 'second step_decided'],
    )
  })

  test('who resumes in the version it went on in, when the workflow is gone, is recorded to have ended in its step', async () => {
    const db = store()
    await publishCatalog(db, old, T)
    const walked = await startWalk(db, old, 'story', { recipient: 'stopped', now: T })
    const delay = { ref: 'delay_1', type: 'delay', settings: { delay_for: { unit: 'days', value: 1 } } }
    const longer = { story: { steps: [never, batch('latest'), delay, feedStep('digest', 'Hi')] } }
    await publishCatalog(db, await catalogOfFiles(longer), T + MINUTE)
    await walked.walk(CLOSE)
    await publishCatalog(db, await catalogOfFiles(child), CLOSE)
    await walked.walk((await walked.row()).due!)
    const recorded = await db
      .select({ event: recipientRunEvents.event, step: recipientRunEvents.step })
      .from(recipientRunEvents)
      .where(eq(recipientRunEvents.recipientRunId, walked.id))
      .orderBy(recipientRunEvents.id)
    assert.deepEqual(recorded, [
      { event: 'step_decided', step: 0 },
      { event: 'workflow_ended', step: stepNumber(2, { hasMoved: true }) },
    ])
  })
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Catalog } from '../../definitions/catalog.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { cancel } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = (ref: string) => {
  return { ref, type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
}
const day = { unit: 'days', value: 1 }
const wait = { ref: 'delay_1', type: 'delay', settings: { delay_for: day } }
const fetch = { ref: 'fetch_1', type: 'http_fetch', settings: { method: 'get', url: 'http://127.0.0.1:9/' } }
const event = {
  ref: 'wait_1',
  type: 'wait_for_event',
  settings: { event: { event_type: 'event', event_key: 'paid' }, expires_after: day },
}
const files = {
  sleeps: { steps: [feed('first'), wait, feed('last')] },
  fetches: { steps: [fetch, feed('last')] },
  waits: { steps: [event, feed('last')] },
  gathers: { steps: [{ ref: 'batch_1', type: 'batch', settings: { batch_window: day } }, feed('last')] },
}
const catalog = await catalogOfFiles(files)
const inactive = await catalogOfFiles(
  Object.fromEntries(Object.entries(files).map(([key, file]) => [key, { ...file, active: false }])),
)
const gone = await catalogOfFiles({ other: { steps: [feed('last')] } })
const REASONS = new Map<Catalog, string>([
  [inactive, 'the workflow is not active any more'],
  [gone, 'the workflow is archived: its file is gone'],
])

onEachStore(catalog, (store) => {
  const published = async (now: Catalog, work: () => Promise<void>): Promise<void> => {
    await publishCatalog(store(), now)
    try {
      await work()
    } finally {
      await publishCatalog(store(), catalog)
    }
  }

  for (const [stopping, reason] of REASONS) {
    test(`a run that resumes ends and says so, and so does a later cancel: ${reason}`, async () => {
      const key = randomUUID()
      const walked = await startWalk(store(), catalog, 'sleeps', { key })
      await published(stopping, async () => {
        await walked.walk((await walked.row()).due!)
      })
      const { status, errorCount } = await walked.row()
      assert.deepEqual([status, errorCount, await walked.made()], ['ended', 0, ['first']])
      assert.deepEqual(await walked.events(), [['delay_1', 'workflow_ended', { reason }]])
      const { verdict } = await cancel(store(), catalog.definitions.get('sleeps')!, key)
      assert.deepEqual([verdict.status, verdict.recipients[0]?.outcome], ['nothing_pending', 'already_sent'])
    })
  }

  test('a run that resumes once the workflow is active again goes on, and so does one of a file with mistakes', async () => {
    const walked = await startWalk(store(), catalog, 'sleeps')
    await published(inactive, () => Promise.resolve())
    await walked.walk((await walked.row()).due!)
    assert.deepEqual(await walked.made(), ['first', 'last'])
    const kept = await startWalk(store(), catalog, 'sleeps')
    await published({ ...gone, leftOut: new Map([['sleeps', []]]) }, async () => {
      await kept.walk((await kept.row()).due!)
    })
    assert.deepEqual(await kept.made(), ['first', 'last'])
  })

  test('a step that would act on the outside does nothing any more', async () => {
    const walked = await startWalk(store(), catalog, 'fetches')
    await published(inactive, () => walked.act())
    assert.deepEqual(
      (await walked.events()).map(([, name]) => name),
      ['workflow_ended'],
    )
    assert.equal((await walked.row()).status, 'ended')
  })

  test('a wait for an event is left, and nothing wakes its run again', async () => {
    const walked = await startWalk(store(), catalog, 'waits')
    await published(inactive, async () => walked.walk((await walked.row()).due!))
    assert.deepEqual([(await walked.row()).status, await walked.made()], ['ended', []])
  })

  test('all who wait in a batch end with it, and a cancel of any of them says why', async () => {
    const recipient = randomUUID()
    const [mine, theirs] = [randomUUID(), randomUUID()]
    const carrier = await startWalk(store(), catalog, 'gathers', { recipient, key: mine })
    const member = await startWalk(store(), catalog, 'gathers', { recipient, key: theirs })
    await published(inactive, async () => carrier.walk((await carrier.row()).due!))
    assert.deepEqual([(await carrier.row()).status, (await member.row()).status], ['ended', 'ended'])
    for (const key of [mine, theirs]) {
      const { verdict } = await cancel(store(), catalog.definitions.get('gathers')!, key)
      const [judged] = verdict.recipients
      assert.deepEqual([judged?.outcome, judged?.reason], ['ended', REASONS.get(inactive)])
    }
  })
})

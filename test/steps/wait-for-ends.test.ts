import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { claimRows } from '../../store/recipient-runs/claims.ts'
import { Digests } from '../../testing/fixtures/digests.ts'
import { cancel, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { delayStep, feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const NOON = Date.UTC(2030, 0, 1, 12)
const at = (minutes: number) => NOON + minutes * 60_000

/** Waits an hour for an end of a run of `source`. */
const waitsFor = (name: string, source: string) => {
  const event = { event_type: 'workflow', event_key: name, source_type: 'workflow', source_key: source }
  const expires = { expires_after: { unit: 'hours', value: 1 }, on_match: 'continue', on_timeout: 'halt' }
  return {
    steps: [{ ref: 'wait_1', type: 'wait_for_event', settings: { event, ...expires } }, feedStep('after', 'Hi')],
  }
}

const catalog = await catalogOfFiles({
  digest: {
    steps: [
      { ref: 'batch_1', type: 'batch', settings: { batch_window: { unit: 'minutes', value: 10 } } },
      delayStep('delay_1', 30, 'minutes'),
      feedStep('digest', 'Hi'),
    ],
  },
  fetch: {
    steps: [{ ref: 'fetch_1', type: 'http_fetch', settings: { method: 'get', url: 'http://nobody.example/' } }],
  },
  digested: waitsFor('completed', 'digest'),
  undigested: waitsFor('cancelled', 'digest'),
  unfetched: waitsFor('cancelled', 'fetch'),
})

onEachStore(catalog, (store) => {
  const start = (workflow: string, recipient: string, key: string = randomUUID()) =>
    startWalk(store(), catalog, workflow, { recipient, key, now: at(0) })

  /** Two activities of one recipient: the first carries the batch on for both. */
  const two = async (recipient: string) => {
    const story = new Digests(store(), catalog, 'digest')
    const carrier = await story.come(at(0), `${recipient} carrier`, {}, { recipient })
    const member = await story.come(at(1), `${recipient} member`, {}, { recipient })
    return { story, carrier, member }
  }

  test('the close of a batch ends the waits for the completed runs whose activities are in it', async () => {
    const recipient = randomUUID()
    const waiter = await start('digested', recipient)
    const { story, carrier, member } = await two(recipient)
    assert.equal((await waiter.row()).due, at(60))
    await story.wake(at(10), carrier)
    assert.deepEqual([await story.status(carrier), await story.status(member)], ['waiting', 'ended'])
    assert.equal((await waiter.row()).due, at(10))
    await waiter.walk(at(10))
    assert.deepEqual(await waiter.made(), ['after'])
  })

  test('an activity that is taken back before the close ends the waits for its cancelled run at once', async () => {
    const recipient = randomUUID()
    const waiter = await start('undigested', recipient)
    const { story, member } = await two(recipient)
    await story.cancel(at(2), member.key)
    assert.equal(await story.status(member), 'canceled')
    assert.equal((await waiter.row()).due, at(2))
    await waiter.walk(at(2))
    assert.deepEqual(await waiter.made(), ['after'])
  })

  test('one that carries its batch on, once its own activity is taken back, is over for who waits when it ends', async () => {
    const recipient = randomUUID()
    const waiter = await start('undigested', recipient)
    const { story, carrier } = await two(recipient)
    await story.cancel(at(2), carrier.key)
    await story.wake(at(10), carrier)
    assert.deepEqual([await story.status(carrier), (await waiter.row()).due], ['waiting', at(60)])
    await story.wake(at(40), carrier)
    assert.deepEqual([await story.status(carrier), (await waiter.row()).due], ['canceled', at(40)])
  })

  test('a run that is canceled in the hands of a worker that died ends the waits for it once its lease is over', async () => {
    const [recipient, key] = [randomUUID(), randomUUID()]
    const waiter = await start('unfetched', recipient)
    const fetching = await start('fetch', recipient, key)
    const claimed = [{ ...(await rowNow(store(), fetching.id)), claim: null }]
    await claimRows(store(), claimed, 'another worker', { now: at(0), leaseUntil: at(3) })
    await cancel(store(), catalog.definitions.get('fetch')!, key, { now: at(1) })
    await fetching.act(at(2))
    assert.deepEqual([(await fetching.row()).status, (await waiter.row()).due], ['claimed', at(60)])
    await fetching.act(at(3))
    assert.deepEqual([(await fetching.row()).status, (await waiter.row()).due], ['canceled', at(3)])
    await waiter.walk(at(3))
    assert.deepEqual(await waiter.made(), ['after'])
  })
})

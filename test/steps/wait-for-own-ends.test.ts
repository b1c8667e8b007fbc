import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { desc, eq } from 'drizzle-orm'
import { test } from 'node:test'
import { rowId } from '../../store/ids/row-id.ts'
import { eventOffers, eventWaits, occurrences, runs, triggers } from '../../store/schema/index.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { cancel, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { delayStep, feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const NOON = Date.UTC(2030, 0, 1, 12)
const at = (minutes: number) => NOON + minutes * 60_000

const triggerStep = (ref: string, workflow: string) => {
  return { ref, type: 'trigger_workflow', settings: { workflow_key: workflow, cancellation_key: '{{ data.child }}' } }
}
/** Waits an hour for an end of a run of `source`. */
const waits = (ref: string, source: string, name = 'completed') => {
  const event = { event_type: 'workflow', event_key: name, source_type: 'workflow', source_key: source }
  const expires = { expires_after: { unit: 'hours', value: 1 }, on_match: 'continue', on_timeout: 'halt' }
  return { ref, type: 'wait_for_event', settings: { event, ...expires } }
}
const never = { all: [{ variable: 'data.go', operator: 'equal_to', argument: 'yes' }] }
const slowly = [delayStep('delay_1', 5, 'minutes')]
const nested = (child: string, name?: string, between: object[] = []) => {
  return { steps: [triggerStep('trigger_1', child), ...between, waits('wait_1', child, name), feedStep('after')] }
}

const catalog = await catalogOfFiles({
  quick: { steps: [feedStep('quick')] },
  slow: { steps: [...slowly, feedStep('slow')] },
  failing: { steps: [feedStep('failing', '{{ data.child | divided_by: 0 }}')] },
  unfit: { conditions: never, steps: [feedStep('unfit')] },
  once: { trigger_frequency: 'once_per_recipient', steps: [feedStep('once')] },
  'of-quick': nested('quick'),
  'of-slow': nested('slow', undefined, slowly),
  'of-failing': nested('failing', 'error', slowly),
  'of-canceled': nested('slow', 'cancelled', slowly),
  'of-unfit': nested('unfit'),
  'of-once': nested('once'),
  twice: {
    steps: [
      ...[triggerStep('trigger_1', 'quick'), waits('wait_1', 'quick')],
      ...[triggerStep('trigger_2', 'quick'), waits('wait_2', 'quick'), feedStep('after')],
    ],
  },
})

onEachStore(catalog, (store) => {
  const start = (workflow: string, recipient: string = randomUUID(), child: string = randomUUID()) =>
    startWalk(store(), catalog, workflow, { recipient, data: { child }, now: at(0) })

  /** The recipient run that another triggered last. */
  async function childOf(row: number) {
    const [found] = await store()
      .select({ trigger: triggers, workflowId: runs.workflowId })
      .from(triggers)
      .innerJoin(runs, eq(runs.id, triggers.runId))
      .where(eq(triggers.causedByRow, row))
      .orderBy(desc(triggers.id))
      .limit(1)
    const id = rowId(found!.trigger.id, 0)
    const walk = async (now: number) => {
      const worker = new TestWorker(store())
      worker.now = () => now
      await worker.advance(found!.workflowId, [id], (await rowNow(store(), id)).revision)
    }
    return { walk, status: async () => (await rowNow(store(), id)).status }
  }
  /** How many waits and offers there are of a recipient run. */
  const left = async ({ id }: { id: number }) => {
    const waiting = store().select().from(eventWaits).where(eq(eventWaits.recipientRunId, id))
    const offers = store().select().from(eventOffers).where(eq(eventOffers.recipientRunId, id))
    return [(await waiting).length, (await offers).length]
  }

  test('a nested run whose own conditions do not hold is over before the wait for it begins, and ends it', async () => {
    const parent = await start('of-unfit')
    await parent.act(at(1))
    assert.equal(await (await childOf(parent.id)).status(), 'ended')
    assert.equal((await parent.row()).due, at(1))
    await parent.walk(at(1))
    assert.deepEqual(await parent.made(), ['after'])
    assert.deepEqual(await left(parent), [0, 0])
  })

  test('so is one that its recipient has had before, of a workflow that runs once for each', async () => {
    const recipient = randomUUID()
    for (const made of [[], ['after']]) {
      const parent = await start('of-once', recipient)
      await parent.act(at(1))
      await parent.walk(at(1))
      assert.deepEqual(await parent.made(), made)
    }
  })

  test('a nested run that ends while another step stands between counts, however it ended', async () => {
    const parent = await start('of-slow')
    await parent.act(at(1))
    const child = await childOf(parent.id)
    await child.walk(at(1))
    await child.walk(at(6))
    assert.equal(await child.status(), 'ended')
    await parent.walk(at(7))
    await parent.walk(at(7))
    assert.deepEqual(await parent.made(), ['after'])
    const [, [, , matched] = []] = (await parent.events()).filter(([, event]) => event === 'step_decided')
    assert.deepEqual([matched?.['matched'], matched?.['at']], [true, new Date(at(7)).toISOString()])

    const key = randomUUID()
    const other = await start('of-canceled', undefined, key)
    await other.act(at(1))
    await cancel(store(), catalog.definitions.get('slow')!, key, { now: at(2) })
    await other.walk(at(6))
    await other.walk(at(6))
    assert.deepEqual(await other.made(), ['after'])
    assert.deepEqual(await left(other), [0, 0])
  })

  test('an end of another name leaves the wait waiting, and so does one for a run that somebody else triggered', async () => {
    const recipient = randomUUID()
    const parent = await start('of-canceled', recipient)
    await parent.act(at(1))
    const child = await childOf(parent.id)
    await child.walk(at(1))
    await child.walk(at(6))
    await parent.walk(at(7))
    assert.equal((await parent.row()).due, at(67))

    const other = await start('of-quick', recipient)
    await start('quick', recipient)
    await other.act(at(1))
    assert.equal((await other.row()).due, at(61))
    await (await childOf(other.id)).walk(at(2))
    assert.equal((await other.row()).due, at(2))
    await Promise.all([parent, other].map((each) => each.walk(at(67))))
    assert.deepEqual([await parent.made(), await other.made()], [[], ['after']])
  })

  test('an end that one wait has taken is not taken by the next', async () => {
    const parent = await start('twice')
    await parent.act(at(1))
    await (await childOf(parent.id)).walk(at(2))
    await parent.walk(at(2))
    await parent.act(at(3))
    assert.equal((await parent.row()).due, at(63))
    await (await childOf(parent.id)).walk(at(4))
    assert.equal((await parent.row()).due, at(4))
    await parent.walk(at(4))
    assert.deepEqual(await parent.made(), ['after'])
    assert.deepEqual(await left(parent), [0, 0])
  })

  test('a nested run that ends as the wait for it begins ends it, and is told once', async () => {
    for (let round = 0; round < 8; round += 1) {
      const parent = await start('of-slow')
      await parent.act(at(1))
      const child = await childOf(parent.id)
      await child.walk(at(1))
      const before = (await store().select().from(occurrences)).length
      await Promise.all([child.walk(at(6)), parent.walk(at(6))])
      assert.deepEqual([await left(parent), (await parent.row()).due], [[1, 1], at(6)])
      assert.equal((await store().select().from(occurrences)).length, before + 1)
      await parent.walk(at(6))
      assert.deepEqual(await parent.made(), ['after'])
    }
  })

  test('a nested run that failed ends a wait for errors', async () => {
    const parent = await start('of-failing')
    await parent.act(at(1))
    const child = await childOf(parent.id)
    for (let tries = 1; (await child.status()) === 'waiting'; tries += 1) await child.walk(at(tries))
    await parent.walk(at(6))
    await parent.walk(at(6))
    assert.deepEqual(await parent.made(), ['after'])
  })
})

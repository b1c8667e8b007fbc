import assert from 'node:assert/strict'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { mergeUsers } from '../../engine/merge-users.ts'
import { noOutbox } from '../../events/outbox.ts'
import { transaction } from '../../store/postgres/database.ts'
import { mergedInto } from '../../store/profiles/merged-users.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { recordOccurrences } from '../../store/waits/record-occurrences.ts'
import { Digests, type Activity } from '../../testing/fixtures/digests.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const T = Date.UTC(2030, 0, 1)
const MINUTE = 60_000
const LIST = '{% for a in activities %}{{ a.n }} {% endfor %}'
const catalog = await catalogOfFiles({
  digest: {
    steps: [
      { ref: 'batch_1', type: 'batch', settings: { batch_window: { unit: 'minutes', value: 10 } } },
      feedStep('digest', LIST),
    ],
  },
  paid: {
    steps: [
      {
        ref: 'wait_1',
        type: 'wait_for_event',
        settings: {
          event: { event_type: 'event', event_key: 'paid' },
          expires_after: { unit: 'hours', value: 1 },
          on_match: 'continue',
          on_timeout: 'halt',
        },
      },
      feedStep('thanks', 'Thanks'),
    ],
  },
})

let names = 0
const fresh = (name: string) => `${name}${(names += 1)}`

onEachStore(catalog, (store) => {
  const merge = (from: string, into: string, now = T) =>
    mergeUsers({ store: { db: store() }, now: () => now, outbox: noOutbox }, from, into)
  const people = async (...ids: string[]) => {
    await upsertUsers(
      store(),
      ids.map((id) => ({ id, properties: { name: id } })),
    )
    return ids
  }
  const numbers = async (story: Digests, activity: Activity) =>
    (await story.texts(activity)).flatMap((text) => text.split(' ').map(Number))

  test('both have a batch open: the other user’s takes what comes, that of the old id closes at its own instant', async () => {
    const story = new Digests(store(), catalog, 'digest')
    const [guest, ada] = (await people(fresh('guest'), fresh('ada'))) as [string, string]
    const ofGuest = await story.come(T, fresh('k'), { n: 1 }, { recipient: guest })
    const ofAda = await story.come(T + MINUTE, fresh('k'), { n: 2 }, { recipient: ada })
    await merge(guest, ada)
    const joins = await story.come(T + 2 * MINUTE, fresh('k'), { n: 3 }, { recipient: ada })
    await story.wake(T + 10 * MINUTE, ofGuest)
    await story.wake(T + 11 * MINUTE, ofAda)
    assert.deepEqual(await numbers(story, ofGuest), [1])
    assert.deepEqual(await numbers(story, ofAda), [2, 3])
    assert.deepEqual(await numbers(story, joins), [])
    for (const activity of [ofGuest, ofAda])
      assert.deepEqual(
        (await story.messages(activity)).map(({ recipient }) => recipient),
        [ada],
      )
  })

  test('only the old id has a batch open: what comes for the other user joins it, and a cancel takes out its own', async () => {
    const story = new Digests(store(), catalog, 'digest')
    const [guest, ada] = (await people(fresh('guest'), fresh('ada'))) as [string, string]
    const key = fresh('k')
    const opens = await story.come(T, key, { n: 1 }, { recipient: guest })
    await merge(guest, ada)
    const joins = await story.come(T + MINUTE, fresh('k'), { n: 2 }, { recipient: ada })
    const verdict = await story.cancel(T + 2 * MINUTE, key, { recipients: [ada] })
    assert.deepEqual(
      verdict.recipients.map(({ id, outcome }) => [id, outcome]),
      [[ada, 'canceled']],
    )
    await story.wake(T + 10 * MINUTE, opens)
    assert.deepEqual([...(await numbers(story, opens)), ...(await numbers(story, joins))], [2])
  })

  test('who waits for an event under the old id is woken by what happens to the other user', async () => {
    const story = new Digests(store(), catalog, 'paid')
    const [guest, ada] = (await people(fresh('guest'), fresh('ada'))) as [string, string]
    const waits = await story.come(T, fresh('k'), {}, { recipient: guest })
    assert.equal(await story.status(waits), 'waiting')
    await merge(guest, ada)
    const about = { recipients: [ada], source: null, data: {}, ofRow: null }
    const paid = { id: randomUUID(), kind: 'event', name: 'paid', ...about } as const
    await transaction(store(), (tx) => recordOccurrences(tx, [paid], T + MINUTE))
    await story.wake(T + MINUTE, waits)
    assert.deepEqual(await story.texts(waits), ['Thanks'])
  })

  test('whatever is merged when, each activity is in exactly one digest, of whom its recipient means in the end', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('come' as const), who: fc.nat(3), minutes: fc.nat(4) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('merge' as const), who: fc.nat(3), into: fc.nat(3) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const story = new Digests(store(), catalog, 'digest')
        const ids = await people(...Array.from({ length: 4 }, () => fresh('p')))
        const came: { activity: Activity; who: string }[] = []
        let now = T
        for (const each of steps) {
          const who = ids[each.who]!
          if (each.do === 'come') {
            now += each.minutes * MINUTE
            await wakeDue(story, came, now)
            // As a trigger does: the old id means the other user.
            const recipient = (await mergedInto(store(), [who])).get(who) ?? who
            const activity = await story.come(now, fresh('k'), { n: came.length }, { recipient })
            came.push({ activity, who })
          } else await merge(who, ids[each.into]!, now).catch(isRefused)
        }
        await wakeDue(story, came, now + 60 * MINUTE)
        const means = await mergedInto(store(), ids)
        for (const into of means.values()) assert.ok(!means.has(into), 'nobody means who means somebody else')
        const told = new Map<number, string>()
        for (const { activity } of came)
          for (const { recipient, content } of await story.messages(activity))
            for (const n of textOf(content).split(' ').map(Number)) {
              assert.ok(!told.has(n), `${n} is told twice`)
              told.set(n, recipient)
            }
        for (const [n, { who }] of came.entries()) assert.equal(told.get(n), means.get(who) ?? who, `of ${n}`)
      }),
      { numRuns: 20 },
    )
  })

  async function wakeDue(story: Digests, came: readonly { activity: Activity }[], now: number): Promise<void> {
    for (const { activity } of came) {
      const due = await story.due(activity)
      if (due !== null && due <= now && (await story.status(activity)) === 'waiting') await story.wake(due, activity)
    }
  }
})

const textOf = (content: unknown) => (content as { blocks: { content: string }[] }).blocks[0]!.content.trim()

/** Into themselves, or an id that was merged into somebody else already. */
function isRefused(error: unknown): undefined {
  assert.match(String((error as { code?: unknown }).code), /invalid_params/)
  return undefined
}

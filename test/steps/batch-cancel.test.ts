import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { transaction } from '../../store/postgres/database.ts'
import { loadRecipients } from '../../store/profiles/recipients.ts'
import { claimRows } from '../../store/recipient-runs/claims.ts'
import { moveIn } from '../../store/recipient-runs/move.ts'
import { pendingRunsOf } from '../../store/runs/pending-runs.ts'
import { triggers } from '../../store/schema/index.ts'
import { repairRun, suspectedRuns } from '../../store/runs/overdue.ts'
import { lockRun } from '../../store/triggers/triggers.ts'
import { Digests, type Activity } from '../../testing/fixtures/digests.ts'
import { cancel, claimMessage, endTry, rowNow, toRetry } from '../../testing/fixtures/recipient-runs.ts'
import { delayStep, emailStep, feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { actLane } from '../../workflows/lane-name.ts'

const T = Date.UTC(2030, 0, 1)
const MINUTE = 60_000
const CLOSE = T + 10 * MINUTE

const batch = { ref: 'batch_1', type: 'batch', settings: { batch_window: { unit: 'minutes', value: 10 } } }
let asked: string[] = []
const server = await httpReceiver((response, { url }) => {
  asked.push(url)
  response.writeHead(asked.length === 1 ? 500 : 200).end('{}')
})
after(() => server.close())
const LIST = '{% for a in activities %}{{ a.n }} {% endfor %}of {{ total_activities }}'

const catalog = await catalogOfFiles({
  feed: { steps: [batch, feedStep('digest', LIST)] },
  mail: { steps: [batch, emailStep('mail', { subject: LIST })] },
  files: {
    steps: [
      batch,
      {
        ...emailStep('mail', { subject: 'Files' }),
        template: { ...emailStep('mail', { subject: 'Files' }).template, settings: { attachment_key: 'files' } },
      },
    ],
  },
  child: { steps: [feedStep('child', 'Hi')] },
  acts: {
    steps: [
      batch,
      { ref: 'update', type: 'update_user', settings: { update_properties: '{"seen": {{ total_activities }}}' } },
      { ref: 'trigger', type: 'trigger_workflow', settings: { workflow_key: 'child' } },
      feedStep('digest', LIST),
    ],
  },
  fetch: {
    steps: [
      batch,
      { ref: 'fetch', type: 'http_fetch', settings: { method: 'get', url: `${server.url}/{{ total_activities }}` } },
    ],
  },
  update: {
    steps: [
      batch,
      { ref: 'update', type: 'update_user', settings: { update_properties: '{"seen": {{ total_activities }}}' } },
    ],
  },
  long: { steps: [batch, feedStep('first', LIST), delayStep('wait', 60, 'minutes'), feedStep('second', LIST)] },
})

onEachStore(catalog, (store) => {
  /** Three activities of one recipient, under the keys a, b and c; `a` carries them. */
  const three = async (definition: string, recipient: string) => {
    const story = new Digests(store(), catalog, definition)
    const activities: Activity[] = []
    for (const [n, name] of ['a', 'b', 'c'].entries()) {
      activities.push(await story.come(T, `${recipient} ${name}`, { n: n + 1 }, { recipient }))
    }
    const [a, b, c] = activities as [Activity, Activity, Activity]
    const cancel = async (now: number, { key }: Activity, given = {}) => {
      const verdict = await story.cancel(now, key, given)
      return { ...verdict.recipients[0]!.runs[0]!, archived: verdict.archived }
    }
    return { story, a, b, c, cancel }
  }
  const isPending = async (definition: string, { key }: Activity) =>
    transaction(store(), async (tx) => (await lockRun(tx, definition, key, T)).pendingTrigger !== null)

  test('before the close each key takes back its own activity, and the one that opened it walks on for the others', async () => {
    const { story, a, b, c, cancel } = await three('feed', 'before')
    assert.deepEqual((await cancel(T + MINUTE, a)).outcome, 'canceled')
    assert.deepEqual((await cancel(T + MINUTE, b)).outcome, 'canceled')
    assert.deepEqual((await cancel(T + MINUTE, a)).outcome, 'already_canceled')
    assert.deepEqual(
      [await story.status(a), await story.status(b), await story.status(c)],
      ['waiting', 'canceled', 'waiting'],
    )
    assert.deepEqual([await isPending('feed', a), await isPending('feed', c)], [false, true])
    await story.wake(CLOSE, a)
    assert.deepEqual(await story.texts(a), ['3 of 1'])
    assert.deepEqual(
      [await story.status(a), await story.status(b), await story.status(c)],
      ['canceled', 'canceled', 'ended'],
    )
    const [made] = await story.messages(a)
    const told = await cancel(CLOSE, c)
    assert.equal(told.outcome, 'already_sent')
    assert.equal(told.messages.length, 1)
    assert.deepEqual((await cancel(CLOSE, a)).messages, [], 'it was not in it')
    assert.equal(made?.status, 'delivered')
  })

  test('with nothing left nothing is made; the window stays, and who comes in it joins', async () => {
    const { story, a, b, c, cancel } = await three('feed', 'all')
    for (const each of [a, b, c]) await cancel(T + MINUTE, each)
    const again = await story.come(T + 2 * MINUTE, a.key, { n: 4 }, { recipient: 'all' })
    assert.equal(await story.due(again), null)
    await cancel(T + 3 * MINUTE, again)
    await story.wake(CLOSE, a)
    assert.deepEqual(await story.texts(a), [])
    assert.equal(await story.status(a), 'canceled')

    const second = await three('feed', 'replaced')
    await second.cancel(T, second.a)
    const once = await second.story.come(T + MINUTE, second.a.key, { n: 4 }, { recipient: 'replaced' })
    assert.equal(await second.story.due(once), null)
    await second.story.wake(CLOSE, second.a)
    assert.deepEqual(await second.story.texts(second.a), ['2 3 4 of 3'])
    assert.equal(await second.story.status(once), 'ended')
  })

  test('after the close a message that nobody has claimed goes out without what was taken back', async () => {
    const { story, a, b, c, cancel } = await three('mail', 'after')
    await story.wake(CLOSE, a)
    assert.deepEqual([await isPending('mail', a), await isPending('mail', b)], [true, true])
    const told = await cancel(CLOSE, b)
    assert.deepEqual([told.outcome, told.taken_back, told.in_flight, told.messages], ['canceled', [], [], []])
    assert.equal((await cancel(CLOSE, a)).outcome, 'canceled')
    assert.equal((await cancel(CLOSE, b)).outcome, 'already_canceled')
    assert.equal(await story.status(b), 'ended', 'it had ended, and keeps that')
    const [message] = await story.messages(a)
    assert.equal(message?.status, 'queued')
    const last = await cancel(CLOSE, c)
    assert.deepEqual([last.outcome, last.taken_back.length], ['canceled', 1])
    assert.equal((await story.messages(a))[0]?.status, 'not_sent')
    assert.equal(await isPending('mail', c), false)
  })

  test('what is claimed contains them: it may still go out, and if it does not, the next try is without', async () => {
    const { story, a, b, c, cancel } = await three('mail', 'claimed')
    await story.wake(CLOSE, a)
    await claimMessage(store(), a.row, 0, { now: CLOSE })
    assert.equal(await isPending('mail', b), false)
    const told = await cancel(CLOSE, b)
    assert.deepEqual([told.outcome, told.in_flight.length], ['sending', 1])
    const before = (await story.messages(a))[0]!
    assert.equal(before.cancelId, null, 'the others keep their tries')
    await endTry(store(), a.row, 0, toRetry(CLOSE + MINUTE), { now: CLOSE })
    const after = (await story.messages(a))[0]!
    assert.ok(after.batchRevision! > before.batchRevision!, 'to be rendered again')
    assert.equal((await cancel(CLOSE, c)).outcome, 'canceled')
    assert.equal((await cancel(CLOSE, b)).outcome, 'already_canceled')
    assert.equal((await cancel(CLOSE, a)).outcome, 'canceled')
    assert.equal((await story.messages(a))[0]!.status, 'not_sent')
  })

  test('a message contains the activities that are live at its claim: it is rendered again for them', async () => {
    const subjects: string[] = []
    const answers = [{ kind: 'not_taken', reason: 'busy' } as const, { kind: 'sent' } as const]
    const story = new Digests(store(), catalog, 'mail', async ({ content }) => {
      subjects.push((content as { subject_line: string }).subject_line)
      if (subjects.length === 1) await story.cancel(CLOSE, 'sent c')
      return answers[subjects.length - 1]!
    })
    const [a] = [
      await story.come(T, 'sent a', { n: 1 }, { recipient: 'sent' }),
      await story.come(T, 'sent b', { n: 2 }, { recipient: 'sent' }),
      await story.come(T, 'sent c', { n: 3 }, { recipient: 'sent' }),
    ]
    await story.wake(CLOSE, a)
    await story.cancel(CLOSE, 'sent b')
    await story.worker.deliver(a.workflowId, 'email/0', [a.row])
    const { revision, due, batchRevision, batchRendered } = (await story.messages(a))[0]!
    assert.ok(batchRevision! > batchRendered!)
    story.worker.now = () => due!.getTime()
    await story.worker.deliver(a.workflowId, 'email/0', [a.row], revision)
    assert.deepEqual(subjects, ['1 3 of 2', '1 of 1'])
    const [message] = await story.messages(a)
    assert.deepEqual([message?.status, message?.content['subject_line']], ['sent', '1 of 1'])
    const named = async (key: string) => (await story.cancel(CLOSE, key)).recipients[0]!.runs[0]!.messages.length
    assert.deepEqual([await named('sent a'), await named('sent b'), await named('sent c')], [1, 0, 0])
  })

  test('attachments are those of the first activity that is left', async () => {
    const names: unknown[] = []
    const story = new Digests(store(), catalog, 'files', ({ attachments }) => {
      names.push((attachments as { name: string }[]).map(({ name }) => name))
      return Promise.resolve({ kind: 'sent' })
    })
    const file = (name: string) => ({ files: [{ name, content_type: 'text/plain', content: 'aGk=' }] })
    const opener = await story.come(T, 'files a', file('a.txt'), { recipient: 'files' })
    await story.come(T, 'files b', file('b.txt'), { recipient: 'files' })
    await story.wake(CLOSE, opener)
    await story.cancel(CLOSE, 'files a')
    await story.worker.deliver(opener.workflowId, 'email/0', [opener.row])
    assert.deepEqual(names, [['b.txt']])
  })

  test('the last one marks what is claimed: it is not tried again', async () => {
    const { story, a, b, c, cancel } = await three('mail', 'last')
    await story.wake(CLOSE, a)
    await claimMessage(store(), a.row, 0, { now: CLOSE })
    for (const each of [a, b, c]) assert.equal((await cancel(CLOSE, each)).outcome, 'sending')
    await endTry(store(), a.row, 0, toRetry(CLOSE + MINUTE), { now: CLOSE })
    assert.equal((await story.messages(a))[0]!.status, 'not_sent')
  })

  test('between two messages of a digest the second goes without, and the first is named as sent', async () => {
    const { story, a, b, c, cancel } = await three('long', 'long')
    await story.wake(CLOSE, a)
    const told = await cancel(CLOSE + MINUTE, b)
    assert.equal(told.outcome, 'canceled')
    assert.equal(told.messages.length, 1)
    assert.deepEqual((await cancel(CLOSE + MINUTE, b)).messages, told.messages)
    assert.equal((await cancel(CLOSE + MINUTE, a)).outcome, 'canceled', 'its own activity only')
    await story.wake(CLOSE + 60 * MINUTE, a)
    assert.deepEqual(await story.texts(a), ['1 2 3 of 3', '3 of 1'])
    assert.equal((await cancel(CLOSE + 61 * MINUTE, c)).messages.length, 2)
    assert.deepEqual((await cancel(CLOSE + 61 * MINUTE, b)).messages, told.messages)
  })

  test('a walk whose activities were all taken back ends, and makes nothing more', async () => {
    const { story, a, b, c, cancel } = await three('long', 'none')
    await story.wake(CLOSE, a)
    for (const each of [a, b, c]) assert.equal((await cancel(CLOSE + MINUTE, each)).outcome, 'canceled')
    await story.wake(CLOSE + 60 * MINUTE, a)
    assert.deepEqual(await story.texts(a), ['1 2 3 of 3'])
    assert.equal(await story.status(a), 'canceled')
  })

  test('steps that act on the outside act for who is left, and for nobody once all are taken back', async () => {
    const acts = async (recipient: string, taken: (all: Record<'a' | 'b' | 'c', Activity>) => Activity[]) => {
      const { story, a, b, c, cancel } = await three('acts', recipient)
      await cancel(T + MINUTE, a)
      await story.wake(CLOSE, a)
      await claimRows(store(), [{ ...(await rowNow(store(), a.row)), claim: null }], 'dead', {
        now: CLOSE,
        leaseUntil: CLOSE + MINUTE,
      })
      for (const each of taken({ a, b, c })) await cancel(CLOSE, each)
      story.worker.now = () => CLOSE + 2 * MINUTE
      for (const type of ['update_user', 'trigger_workflow'] as const) {
        const { revision: now } = await rowNow(store(), a.row)
        await story.worker.act(a.workflowId, actLane(type), [a.row], now)
        await story.wake(CLOSE + 2 * MINUTE, a)
      }
      const children = await store().select().from(triggers).where(eq(triggers.causedByRow, a.row))
      const profile = (await loadRecipients(store(), [recipient])).get(recipient)
      return [profile, children.length, await story.texts(a)]
    }
    assert.deepEqual(await acts('left', ({ b }) => [b]), [{ seen: 1 }, 1, ['3 of 1']])
    assert.deepEqual(await acts('nobody', ({ b, c }) => [b, c]), [undefined, 0, []])
  })

  test('a cancel names the step that acts for a batch at that moment, whichever of its activities it takes back', async () => {
    for (const [definition, outcome] of [
      ['acts', 'canceled'],
      ['update', 'sending'],
    ] as const) {
      const { story, a, b, cancel } = await three(definition, `names-${definition}`)
      await story.wake(CLOSE, a)
      await claimRows(store(), [{ ...(await rowNow(store(), a.row)), claim: null }], 'another worker', {
        now: CLOSE,
        leaseUntil: CLOSE + MINUTE,
      })
      const said = async (activity: Activity) => {
        const told = await cancel(CLOSE, activity)
        return [told.outcome, told.in_flight]
      }
      assert.deepEqual(await said(b), [outcome, ['update']], definition)
      assert.deepEqual(await said(a), [outcome, ['update']], definition)
    }
  })

  test('a step acts without what a cancel takes back that it did not name it to', async () => {
    const { story, a, b } = await three('update', 'meanwhile')
    await story.wake(CLOSE, a)
    const version = catalog.definitions.get('update')!
    let acting: Promise<unknown> | undefined
    const verdict = await transaction(store(), async (tx) => {
      const canceled = await cancel(tx, version, b.key, { now: CLOSE })
      acting = story.act(CLOSE, 'update_user', a)
      await sleep(200)
      return canceled.verdict
    })
    await acting
    assert.deepEqual(verdict.recipients[0]!.runs[0]!.in_flight, [])
    assert.deepEqual((await loadRecipients(store(), ['meanwhile'])).get('meanwhile'), { seen: 2 })
  })

  test('a fetch asks for who is left, and not at all once every activity was taken back', async () => {
    const fetches = async (recipient: string, cancels: (all: Record<'a' | 'b' | 'c', Activity>) => Activity[][]) => {
      asked = []
      const { story, a, b, c, cancel } = await three('fetch', recipient)
      await story.wake(CLOSE, a)
      let now = CLOSE
      for (const taken of cancels({ a, b, c })) {
        for (const each of taken) assert.deepEqual((await cancel(now, each)).in_flight, [])
        await story.act(now, 'http_fetch', a)
        now += 30_000
      }
      return [asked, await story.status(a)]
    }
    assert.deepEqual(await fetches('asked-left', ({ b, c }) => [[b], [c]]), [['/2', '/1'], 'ended'])
    assert.deepEqual(await fetches('asked-before', ({ a, b, c }) => [[a, b, c]]), [[], 'canceled'])
    assert.deepEqual(await fetches('asked-between', ({ a, b, c }) => [[b], [a, c]]), [['/2'], 'canceled'])
  })

  test('a digest is archived once nobody else is in it', async () => {
    const { story, a, b, c, cancel } = await three('long', 'archive')
    await story.wake(CLOSE, a)
    assert.deepEqual((await cancel(CLOSE, b, { archiveSent: true })).archived, [])
    await cancel(CLOSE, a)
    assert.equal((await cancel(CLOSE, c, { archiveSent: true })).archived.length, 1)
    assert.notEqual((await story.messages(a))[0]!.archivedAt, null)
  })

  test('nothing moves what stands in a batch, and a user’s cancel finds all of it', async () => {
    const { story, a, b } = await three('mail', 'moved')
    const moved = async ({ key, workflowId }: Activity) => {
      const move = { workflowId, recipients: null, workflowRunIds: null, to: 'sent_now', due: T, now: T } as const
      const named = { workflow: 'mail', cancelationKey: key }
      return (await transaction(store(), (tx) => moveIn(tx, named, move))).answer.recipients[0]!.outcome
    }
    assert.deepEqual([await moved(a), await moved(b)], ['not_sleeping', 'not_sleeping'])
    const filter = { workflow: null, tenant: null, after: null }
    assert.equal((await pendingRunsOf(store(), 'moved', filter, 10)).length, 3)
    await story.wake(CLOSE, a)
    assert.deepEqual([await moved(a), await moved(b)], ['not_sleeping', 'not_sleeping'])
    assert.equal((await pendingRunsOf(store(), 'moved', filter, 10)).length, 3)
  })

  test('the repair of overdue runs keeps who waits in a batch pending', async () => {
    const { b } = await three('mail', 'repaired')
    const later = T + 5 * MINUTE
    for (const { id } of await suspectedRuns(store(), later, 100)) await repairRun(store(), id, later)
    assert.equal(await isPending('mail', b), true)
  })

  test('a closing that a cancel came before sees who is left', async () => {
    const { story, a, b, cancel } = await three('feed', 'racing')
    await Promise.all([story.wake(CLOSE, a), cancel(CLOSE, b)])
    const told = await cancel(CLOSE, b)
    const [text] = await story.texts(a)
    if (told.outcome === 'already_canceled') assert.equal(text, '1 3 of 2')
    else assert.deepEqual([told.outcome, text], ['already_sent', '1 2 3 of 3'])
  })
})

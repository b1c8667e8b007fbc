import assert from 'node:assert/strict'
import { DAY, HOUR, MINUTE, timeline, type LiveRun } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const
const FEED_REMINDER = [{ delay: 3 * DAY }, 'in_app_1'] as const

function users(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, i) => `user_${from + i}`)
}

/** Summaries of the timers armed so far. */
async function timersOf(run: LiveRun): Promise<(string | undefined)[]> {
  await run.state()
  return (await run.events()).filter(({ type }) => type === 'TIMER_STARTED').map(({ summary }) => summary)
}

async function count(run: LiveRun, type: string): Promise<number> {
  return (await run.events()).filter((event) => event.type === type).length
}

timeline('up to 50 recipients each hold a timer named after them and their step', REMINDER, async (run) => {
  await run.trigger(...users(50))
  assert.deepEqual(
    await timersOf(run),
    users(50).map((user) => `${user}: email_1`),
  )
  await run.closes(3 * DAY)
  assert.equal(await count(run, 'TIMER_STARTED'), 50)
  assert.deepEqual(run.store.walked, [50])
})

timeline('more than 50 share one timer, for the earliest instant', REMINDER, async (run) => {
  await run.trigger(...users(51))
  assert.deepEqual(await timersOf(run), ['51 asleep'])
  await run.at(HOUR)
  await run.trigger(...users(20, 52))
  assert.deepEqual(await timersOf(run), ['51 asleep'])
  await run.closes(3 * DAY + HOUR)
  assert.deepEqual(await timersOf(run), ['51 asleep', '20 asleep'])
  assert.equal(run.store.handOuts.length, 71)
})

timeline('a run that grows past 50 gives up its named timers for one', REMINDER, async (run) => {
  await run.trigger(...users(2))
  await run.state()
  await run.at(HOUR)
  await run.trigger(...users(60, 3))
  assert.deepEqual(await timersOf(run), ['user_1: email_1', 'user_2: email_1', '62 asleep'])
  assert.equal(await count(run, 'TIMER_CANCELED'), 2)
  await run.closes(3 * DAY + HOUR)
})

timeline('a cancel takes the timer of its recipient, and no other', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2', 'user_3')
  await run.state()
  await run.at(DAY)
  await run.cancel('user_2')
  await run.state()
  assert.equal(await count(run, 'TIMER_CANCELED'), 1)
  await run.closes(3 * DAY)
  assert.equal(await count(run, 'TIMER_STARTED'), 3)
})

timeline('a name too long for a summary is cut', REMINDER, async (run) => {
  await run.trigger('é'.repeat(256))
  assert.deepEqual(await timersOf(run), ['é'.repeat(100)])
})

timeline('2,000 recipients at one instant cost few events and go in chunks of at most 500', REMINDER, async (run) => {
  await run.trigger(...users(2_000))
  await run.at(DAY)
  const counts = await run.closes(3 * DAY)
  assert.equal(counts?.sent, 2_000)
  assert.deepEqual(run.store.walked, [500, 500, 500, 500])
  const { length } = await run.events()
  assert.ok(length <= 0.05 * 2_000, `${length} events`)
})

timeline('no more than 8 chunks of walks, and 4 of sends, are with workers at once', ['email_1'], async (run) => {
  let release = () => {}
  run.store.hold = new Promise((resolve) => (release = resolve))
  let releaseSends = () => {}
  run.store.holdSends = new Promise((resolve) => (releaseSends = resolve))
  await run.trigger(...users(6_000))
  while (run.store.acting.advance < 8) await run.handle.describe()
  // More would have come with the same task.
  const { acting } = await run.handle.query<{ acting: number }>('state')
  assert.equal(acting, 4_000)
  assert.equal(await count(run, 'TIMER_STARTED'), 0, 'whoever is due waits for work, not for a timer')
  release()
  // A provider that is slow holds up its own sends only: everybody is walked on meanwhile.
  while (run.store.walked.length < 12 || run.store.acting.deliver < 4) await run.handle.describe()
  releaseSends()
  await run.closes(0)
  assert.equal(run.store.most.advance, 8)
  assert.equal(run.store.most.deliver, 4)
  assert.deepEqual(run.store.walked, Array(12).fill(500))
})

timeline('many steps due at one instant keep the bound too', ['in_app_1', 'in_app_2', 'in_app_3'], async (run) => {
  await run.trigger(...users(3_000))
  run.store.move(users(1_000), run.instant(HOUR))
  await run.closes(HOUR)
  assert.ok(run.store.most.advance <= 8, `${run.store.most.advance} at once`)
  assert.equal(run.store.handOuts.filter(({ outcome }) => outcome === 'sent').length, 9_000)
})

timeline('instants within 50 ms wake together in a large run, nobody before theirs', REMINDER, async (run) => {
  const message = await run.accept(...users(100))
  users(100).forEach((user, i) => run.store.move([user], Math.ceil(run.instant(HOUR) / 50) * 50 + (i % 50) - 49))
  await run.send({ ...message, sleepers: run.store.sleepers() })
  await run.closes(HOUR)
  assert.deepEqual(run.store.walked, [100])
})

timeline('the search attributes tell how it went', REMINDER, async (run) => {
  const first = await run.accept('user_1', 'user_2', 'user_3')
  await run.send(first)
  await run.at(MINUTE)
  assert.deepEqual(await shown(run), [3, 0, 0, [first.workflowRunId]])
  assert.equal(await count(run, 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES'), 0, 'the start told')
  await run.at(DAY)
  await run.cancel('user_1')
  await run.state()
  assert.deepEqual(await shown(run), [2, 0, 1, [first.workflowRunId]])
  const second = await run.accept('user_4')
  await run.send(second)
  await run.at(2 * DAY)
  assert.deepEqual(await shown(run), [3, 0, 1, [first.workflowRunId, second.workflowRunId]])
  await run.closes(4 * DAY)
  assert.deepEqual(await shown(run), [0, 3, 1, [first.workflowRunId, second.workflowRunId]])
  const { store: _store, ...view } = await run.state()
  assert.deepEqual(view, {
    pending: 0,
    acting: 0,
    nextDue: null,
    sent: 3,
    canceled: 1,
    skipped: 0,
    failed: 0,
  })
})

timeline('in a small run the counts shown lag by at most a twentieth of who is pending', FEED_REMINDER, async (run) => {
  const message = await run.accept(...users(50))
  users(50).forEach((user, i) => run.store.move([user], run.instant((i + 1) * HOUR)))
  await run.send({ ...message, sleepers: run.store.sleepers() })
  await run.closes(50 * HOUR)
  let [settled, shownOf] = [0, 0]
  for (const { type } of await run.events()) {
    if (type === 'ACTIVITY_TASK_COMPLETED') settled += 1
    if (type === 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES') shownOf = settled
    if (type !== 'ACTIVITY_TASK_SCHEDULED') continue
    assert.ok(settled - shownOf <= (50 - settled) / 20, `${shownOf} shown while ${settled} of 50 were through`)
  }
  assert.equal(settled, 50)
  assert.deepEqual((await shown(run)).slice(0, 3), [0, 50, 0], 'exact at the end')
})

timeline(
  'the search attributes are right at the end of a run that was canceled before its first task',
  REMINDER,
  async (run) => {
    const message = await run.accept('user_1')
    await run.send(message)
    await run.cancel()
    await run.startWorker()
    await run.closes(0)
    assert.deepEqual(await shown(run), [0, 0, 1, [message.workflowRunId]])
  },
  { workerLater: true },
)

async function shown(run: LiveRun): Promise<unknown[]> {
  const { typedSearchAttributes } = await run.handle.describe()
  return ['BelayPending', 'BelaySent', 'BelayCanceled', 'BelayTriggers'].map(
    (name) => typedSearchAttributes.getAll().find(({ key }) => key.name === name)?.value,
  )
}

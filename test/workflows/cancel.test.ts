import assert from 'node:assert/strict'
import { rowId } from '../../store/ids/row-id.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { DAY, HOUR, timeline } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const

timeline('a cancel of everybody at +1 d ends the run then, and nothing is sent', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2', 'user_3')
  await run.at(DAY)
  await run.cancel()
  const counts = await run.closes(DAY)
  await run.at(4 * DAY)
  assert.deepEqual(run.store.handOuts, [])
  assert.deepEqual(counts, { sent: 0, canceled: 3, skipped: 0, failed: 0 })
})

timeline('a cancel of two leaves the third', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2', 'user_3')
  await run.at(DAY)
  await run.cancel('user_1', 'user_3')
  assert.equal((await run.state()).pending, 1)
  const counts = await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_2', 3 * DAY])
  assert.equal(run.store.handOuts.length, 1)
  assert.deepEqual(counts, { sent: 1, canceled: 2, skipped: 0, failed: 0 })
})

timeline(
  'a cancel before a worker has seen the trigger ends the run with its first task',
  REMINDER,
  async (run) => {
    await run.trigger('user_1', 'user_2')
    assert.equal(await run.cancel(), 'taken')
    await run.startWorker()
    const counts = await run.closes(0)
    assert.deepEqual(run.store.handOuts, [])
    assert.equal(counts?.canceled, 2)
  },
  { workerLater: true },
)

timeline('a cancel repeated changes nothing', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  await run.at(HOUR)
  const removed = { store: STORE, ...run.store.cancel(['user_1']) }
  await run.handle.signal('cancel', removed)
  await run.handle.signal('cancel', removed)
  await run.at(2 * HOUR)
  await run.handle.signal('cancel', removed)
  const { pending, canceled } = await run.state()
  assert.deepEqual({ pending, canceled }, { pending: 1, canceled: 1 })
  assert.equal(await run.cancel(), 'taken')
  const counts = await run.closes(2 * HOUR)
  assert.equal(counts?.canceled, 2)
  assert.equal(await run.cancel(), 'closed')
})

timeline(
  'a cancel of somebody whose step acts on the outside is heard, with all it takes out',
  REMINDER,
  async (run) => {
    await run.trigger('user_1', 'user_2')
    const [asleep, acting] = [rowId(1, 0), rowId(2, 0)]
    const removed = [
      { lane: 'http_fetch/act', rows: [[acting, acting]] },
      { lane: 'run', rows: [[asleep, asleep]] },
    ]
    await run.handle.signal('cancel', { store: STORE, removed })
    const { pending, canceled } = await run.state()
    assert.deepEqual({ pending, canceled }, { pending: 1, canceled: 2 })
    await run.closes(3 * DAY)
    await run.hasSent(['email_1', 'user_2', 3 * DAY])
  },
)

timeline(
  'a cancel between two steps keeps the second from being sent',
  ['in_app_1', { delay: 3 * DAY }, 'email_1'],
  async (run) => {
    await run.trigger('user_1', 'user_2')
    await run.at(DAY)
    await run.cancel('user_1')
    const counts = await run.closes(3 * DAY)
    await run.hasSent(['in_app_1', 'user_1', 0], ['in_app_1', 'user_2', 0], ['email_1', 'user_2', 3 * DAY])
    assert.deepEqual(counts, { sent: 3, canceled: 1, skipped: 0, failed: 0 })
  },
)

timeline(
  'a cancel that lands in the same task as the timer wins',
  REMINDER,
  async (run) => {
    await run.trigger('user_1')
    await run.state()
    await run.stopWorker()
    const reached = run.at(3 * DAY)
    await run.has('TIMER_FIRED')
    await run.cancel('user_1')
    await run.startWorker()
    await reached
    await run.closes(3 * DAY)
    assert.deepEqual(run.store.handOuts, [])
    const types = (await run.events()).map(({ type }) => type)
    const between = types.slice(types.indexOf('TIMER_FIRED'), types.lastIndexOf('WORKFLOW_TASK_STARTED'))
    assert.ok(between.includes('WORKFLOW_EXECUTION_SIGNALED'), 'both are in one task')
  },
  // No cache: a task meant for a worker that has gone is not given to the next one by this server.
  { maxCachedWorkflows: 0 },
)

timeline(
  'a cancel while the step is with a channel counts once, and no later step is sent',
  ['email_1', { delay: DAY }, 'email_2'],
  async (run) => {
    let release = () => {}
    run.store.hold = new Promise((resolve) => (release = resolve))
    await run.trigger('user_1')
    while (run.store.acting.advance === 0) await run.handle.describe()
    await run.cancel('user_1')
    release()
    const counts = await run.closes(0)
    assert.deepEqual(
      run.store.handOuts.map(({ outcome }) => outcome),
      ['refused'],
    )
    assert.deepEqual(counts, { sent: 0, canceled: 1, skipped: 0, failed: 0 })
  },
)

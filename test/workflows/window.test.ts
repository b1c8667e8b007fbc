import assert from 'node:assert/strict'
import { searchAttributes } from '../../temporal/send.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { DAY, HOUR, SECOND, timeline, type LiveRun } from '../../testing/fixtures/timeline.ts'
import { devServer } from '../../testing/servers/temporal.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const

function users(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, i) => `user_${from + i}`)
}

/** As housekeeping starts a run that is closed, or tells an open one. */
async function reload(run: LiveRun, epoch = STORE.epoch): Promise<void> {
  await run.handle.signal('move', { store: { ...STORE, epoch }, sleepers: [], reload: true })
}

timeline(
  'a run started by a trigger that joined serves whom an execution that was terminated left behind',
  REMINDER,
  async (run) => {
    await run.trigger('user_1')
    await run.state()
    await run.handle.terminate('by hand')
    await run.at(DAY)
    await run.trigger('user_2')
    assert.equal((await run.state()).pending, 2)
    await run.closes(4 * DAY)
    await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 4 * DAY])
  },
)

timeline('a run that is told to reads the store again, and finds what no signal told of', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  await run.accept('user_3')
  run.store.cancel(['user_2'])
  assert.equal((await run.state()).pending, 2)
  await reload(run)
  assert.equal((await run.state()).pending, 2)
  assert.deepEqual(run.store.pages, [null])
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_3', 3 * DAY])
})

timeline('a store restored has a newer epoch: its run reads everything again, once', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.accept('user_2')
  await run.handle.signal('trigger', { store: { ...STORE, epoch: 2 }, triggers: [] })
  assert.equal((await run.state()).pending, 2)
  await run.handle.signal('trigger', { store: { ...STORE, epoch: 2 }, triggers: [] })
  await run.handle.signal('trigger', { store: STORE, triggers: [] })
  await run.closes(3 * DAY)
  assert.deepEqual(run.store.pages, [null])
})

timeline('a trigger and a cancel that come while a page is read are kept', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  await run.state()
  let release = () => {}
  run.store.holdPages = new Promise((resolve) => (release = resolve))
  await reload(run)
  while (run.store.pages.length === 0) await run.handle.describe()
  await run.trigger('user_3')
  await run.cancel('user_1')
  release()
  const { pending, canceled } = await run.state()
  assert.deepEqual({ pending, canceled }, { pending: 2, canceled: 1 })
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_2', 3 * DAY], ['email_1', 'user_3', 3 * DAY])
})

timeline('a cancel by hand before the first page means whoever is found there', REMINDER, async (run) => {
  const { workflowId, definition } = run.address
  await run.accept('user_1', 'user_2')
  let release = () => {}
  run.store.holdPages = new Promise((resolve) => (release = resolve))
  const args = [{ definition, cancelationKey: null, store: STORE }]
  await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args })
  await run.handle.signal('cancel')
  while (run.store.pages.length === 0) await run.handle.describe()
  assert.deepEqual(run.store.takenOut, [])
  release()
  const counts = await run.closes(0)
  assert.equal(counts?.canceled, 2)
  assert.deepEqual(run.store.handOuts, [])
})

timeline(
  '500,000 sleepers with instants of their own under one key live through continue-as-new',
  ['in_app_1'],
  async (run) => {
    const { workflowId, definition } = run.address
    for (let i = 0; i < 5; i += 1) await run.accept(...users(100_000, 1 + i * 100_000))
    run.store.spread(run.instant(HOUR), 60 * SECOND)
    const sooner = run.store.move(users(20), run.instant(0))
    const args = [{ definition, cancelationKey: null, store: STORE }]
    const first = await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args })
    let joined = 0
    while ((await run.handle.describe()).runId === first.firstExecutionRunId) {
      joined += 1
      await run.handle.signal('move', { store: STORE, sleepers: sooner })
    }
    assert.ok(joined > 0)
    const { pending, sent } = await run.state()
    assert.deepEqual({ pending, sent }, { pending: 499_980, sent: 20 })
    await run.move(0, 'user_499999')
    while ((await run.state()).sent < 21);
    await run.cancel()
    assert.deepEqual(await run.result(), { sent: 21, canceled: 499_979, skipped: 0, failed: 0 })
  },
  {
    server: () =>
      devServer({
        searchAttributes: Object.values(searchAttributes),
        extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'],
      }),
  },
)

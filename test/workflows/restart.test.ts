import assert from 'node:assert/strict'
import { DAY, timeline } from '../../testing/fixtures/timeline.ts'

const uncached = { maxCachedWorkflows: 0 }

timeline(
  'a worker that remembers nothing replays the run at each task, to the same end',
  ['in_app_1', { delay: 3 * DAY }, 'email_1', { delay: DAY }, 'email_2'],
  async (run) => {
    run.store.failures.set('email_2', 1)
    await run.trigger('user_1', 'user_2')
    await run.at(DAY)
    await run.trigger('user_3')
    await run.cancel('user_2')
    await run.at(2 * DAY)
    await run.move(6 * DAY, 'user_3')
    const counts = await run.closes(7 * DAY)
    assert.deepEqual(counts, { sent: 7, canceled: 1, skipped: 0, failed: 0 })
  },
  uncached,
)

timeline(
  'a worker that is gone while all sleep, and back, finds everyone where they were',
  [{ delay: 3 * DAY }, 'email_1', { delay: 30 * DAY }, 'email_2'],
  async (run) => {
    await run.trigger('user_1', 'user_2')
    await run.state()
    await run.stopWorker()
    await run.at(DAY)
    await run.startWorker()
    await run.at(4 * DAY)
    await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 3 * DAY])
    await run.stopWorker()
    await run.at(20 * DAY)
    await run.startWorker()
    await run.closes(33 * DAY)
    await run.hasSent(
      ['email_1', 'user_1', 3 * DAY],
      ['email_1', 'user_2', 3 * DAY],
      ['email_2', 'user_1', 33 * DAY],
      ['email_2', 'user_2', 33 * DAY],
    )
  },
  uncached,
)

timeline(
  'a worker that comes back late sends late, and once',
  [{ delay: 3 * DAY }, 'email_1'],
  async (run) => {
    await run.trigger(...Array.from({ length: 60 }, (_, i) => `user_${i}`))
    await run.state()
    await run.stopWorker()
    const reached = run.at(3 * DAY)
    await run.has('TIMER_FIRED')
    await run.startWorker()
    await reached
    await run.closes(3 * DAY)
    assert.deepEqual(run.store.walked, [60])
  },
  uncached,
)

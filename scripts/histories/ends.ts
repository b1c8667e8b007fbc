import { ApplicationFailure } from '@temporalio/common'
import { rowId } from '../../store/ids/row-id.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { REMINDER, type Shapes, closed } from './shape.ts'

/** Runs that are ended or told of by hand, and activities that do not pass. */
export const ends: Shapes = {
  'acting-and-canceled': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2')
      await run.state()
      const [asleep, acting] = [rowId(1, 0), rowId(2, 0)]
      const sleeper = { lane: 'http_fetch/act', step: 'fetch', due: 8e15, revision: 7, rows: [[acting, acting]] }
      await run.handle.signal('move', { store: STORE, sleepers: [sleeper] })
      await run.state()
      const removed = [
        { lane: 'http_fetch/act', rows: [[acting, acting]] },
        { lane: 'run', rows: [[asleep, asleep]] },
      ]
      await run.handle.signal('cancel', { store: STORE, removed })
      return closed(run)
    },
  },
  'cancel-by-hand': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2')
      await run.state()
      await run.handle.signal('cancel', { recipients: ['user_1'], reason: 'asked for' })
      await run.state()
      await run.handle.signal('cancel', { recipient: 'user_2' })
      await run.state()
      await run.handle.signal('cancel')
      return closed(run)
    },
  },
  'cancellation-request': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1')
      await run.state()
      await run.handle.cancel()
      return closed(run)
    },
  },
  'cancel-with-the-timer': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1')
      await run.state()
      await run.stopWorker()
      await run.has('TIMER_FIRED')
      await run.cancel('user_1')
      await run.startWorker()
      return closed(run)
    },
  },
  'input-by-hand': {
    plan: REMINDER,
    async story(run) {
      const { workflowId } = run.address
      await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args: [] })
      return closed(run)
    },
  },
  'never-passes': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2', 'user_3')
      run.store.poison = { recipient: 'user_2', error: ApplicationFailure.nonRetryable('refused', 'StoreRefused') }
      return closed(run)
    },
  },
  'comes-back-as-it-was': {
    plan: ['in_app_1'],
    async story(run) {
      run.store.stuck = 'user_1'
      await run.trigger('user_1')
      while (run.store.walked.length < 3) await run.handle.describe()
      run.store.stuck = undefined
      return closed(run)
    },
  },
}

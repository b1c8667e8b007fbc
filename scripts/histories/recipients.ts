import { SECOND } from '../../testing/product/live-run.ts'
import { REMINDER, type Shapes, closed } from './shape.ts'

/** Runs that are triggered, joined, moved and canceled. */
export const recipients: Shapes = {
  'small-run-with-cancel': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2', 'user_3')
      await run.state()
      await run.cancel('user_2')
      return closed(run)
    },
  },
  'large-run': {
    plan: ['in_app_1', ...REMINDER],
    async story(run) {
      await run.trigger(...Array.from({ length: 60 }, (_, i) => `user_${i + 1}`))
      return closed(run)
    },
  },
  join: {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1')
      await run.state()
      await run.at(SECOND)
      await run.trigger('user_2', 'user_3')
      return closed(run)
    },
  },
  move: {
    plan: [{ delay: 3_600 * SECOND }, 'email_1'],
    async story(run) {
      await run.trigger('user_1', 'user_2')
      await run.state()
      await run.move(3 * SECOND, 'user_1')
      await run.state()
      await run.move(0, 'user_2')
      return closed(run)
    },
  },
  'opened-by-its-trigger': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2')
      await run.state()
      await run.trigger('user_3')
      await run.state()
      await run.cancel('user_2')
      return closed(run)
    },
  },
  'opened-and-canceled-at-once': {
    plan: REMINDER,
    async story(run) {
      await run.stopWorker()
      await run.trigger('user_1', 'user_2')
      await run.cancel('user_2')
      await run.handle.signal('cancel')
      await run.startWorker()
      return closed(run)
    },
  },
  retry: {
    plan: ['email_1'],
    async story(run) {
      run.store.failures.set('email_1', 1)
      await run.trigger('user_1', 'user_2')
      return closed(run)
    },
  },
}

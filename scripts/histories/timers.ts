import { type LiveRun, SECOND } from '../../testing/product/live-run.ts'
import { type Shapes, closed } from './shape.ts'

/** What runs at once, when a run wakes, and when it shows what has changed. */
export const timers: Shapes = {
  'chunks-and-slots': {
    // More than 8 chunks of walks at once, and more than 4 of sends.
    plan: ['email_1'],
    async story(run) {
      let release = () => {}
      run.store.hold = new Promise((resolve) => (release = resolve))
      await run.trigger(...Array.from({ length: 5_200 }, (_, i) => `user_${i + 1}`))
      while (run.store.acting.advance < 8) await run.handle.describe()
      release()
      return closed(run)
    },
  },
  'named-timers': {
    // 50 hold a timer each, the 51st makes them one.
    plan: [{ delay: 5 * SECOND }, 'in_app_1'],
    async story(run) {
      await run.trigger(...Array.from({ length: 50 }, (_, i) => `user_${i + 1}`))
      await run.state()
      await run.trigger('user_51')
      return closed(run)
    },
  },
  'instants-close-together': {
    // A large run wakes for all of 50 ms, and in a small one what is shown lags behind.
    plan: [{ delay: SECOND }, 'in_app_1', { delay: SECOND }, 'in_app_2'],
    async story(run) {
      const message = await run.accept(...Array.from({ length: 60 }, (_, i) => `user_${i + 1}`))
      run.store.spread(run.instant(2 * SECOND), 13)
      await run.send({ ...message, sleepers: run.store.sleepers() })
      return closed(run)
    },
  },
  'shown-late': {
    plan: [{ delay: SECOND }, 'in_app_1'],
    async story(run) {
      const message = await run.accept(...Array.from({ length: 24 }, (_, i) => `user_${i + 1}`))
      run.store.spread(run.instant(2 * SECOND), 1_200)
      await run.send({ ...message, sleepers: run.store.sleepers() })
      return closed(run)
    },
  },
  'shown-by-the-next-wake': {
    // What has changed within a second of the last look waits for a wake in less than five, and has a timer otherwise.
    plan: [{ delay: 5.4 * SECOND }, 'in_app_1'],
    story: threeAtOnce,
  },
  'shown-by-a-timer': {
    plan: [{ delay: 6 * SECOND }, 'in_app_1'],
    story: threeAtOnce,
  },
}

/** The second is shown at once, and the third within a second of that. */
async function threeAtOnce(run: LiveRun): Promise<undefined> {
  await run.trigger('user_1')
  await run.state()
  await run.trigger('user_2')
  await run.has('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES')
  await run.trigger('user_3')
  return closed(run)
}

import { SECOND } from '../../testing/product/live-run.ts'
import { REMINDER, type Shapes, closed } from './shape.ts'

/** Clocks of store and Temporal that differ. */
export const clocks: Shapes = {
  'clocks-drift': {
    // By half a second, which changes nothing, and by more than one.
    plan: ['in_app_1', { delay: 3_600 * SECOND }, 'in_app_2'],
    async story(run) {
      for (const [place, ahead] of [4, 4.6, 5.6].entries()) {
        run.store.ahead = ahead * SECOND
        await run.trigger(`user_${place + 1}`)
        await run.state()
      }
      await run.cancel()
      return closed(run)
    },
  },
  'measurement-forgotten': {
    // The first of nine that looked as if the store were ahead: with the ninth result it no longer counts.
    plan: ['in_app_1', { delay: 3_600 * SECOND }, 'in_app_2'],
    async story(run) {
      for (let n = 1; n <= 10; n += 1) {
        run.store.ahead = n === 1 ? 4 * SECOND : 0
        await run.trigger(`user_${n}`)
        await run.state()
      }
      await run.cancel()
      return closed(run)
    },
  },
  'clock-ahead': {
    plan: REMINDER,
    async story(run) {
      run.store.ahead = -4 * SECOND
      await run.trigger('user_1')
      return closed(run)
    },
  },
}

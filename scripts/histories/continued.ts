import { type LiveRun, SECOND } from '../../testing/product/live-run.ts'
import { type Shapes, closed } from './shape.ts'

/** Runs that continue as new. */
export const continued: Shapes = {
  'continues-as-new': {
    plan: [{ delay: 3_600 * SECOND }, 'email_1'],
    limit: 20,
    async story(run) {
      const first = await continueAsNew(run)
      await run.cancel()
      await closed(run)
      return first
    },
  },
  'was-continued': {
    plan: [{ delay: 3_600 * SECOND }, 'email_1'],
    limit: 20,
    async story(run) {
      await continueAsNew(run)
      await run.state()
      await run.cancel('user_1')
      await run.state()
      await run.move(0, 'user_2')
      return closed(run)
    },
  },
}

/** Answers the id of the execution that was the first. */
async function continueAsNew(run: LiveRun): Promise<string> {
  const first = await run.trigger('user_1', 'user_2')
  while ((await run.handle.describe()).runId === first) {
    await run.trigger('user_3')
    await run.state()
    await run.cancel('user_3')
    await run.state()
  }
  return first
}

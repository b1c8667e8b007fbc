import { rowId } from '../../store/ids/row-id.ts'
import { sendCancel } from '../../temporal/send.ts'
import { KEPT } from '../../workflows/removals.ts'
import { WINDOW, WINDOW_SLACK } from '../../workflows/window.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { type LiveRun, SECOND } from '../../testing/product/live-run.ts'
import { REMINDER, type Shapes, closed } from './shape.ts'

/** What a run keeps in memory of the store, and reads again. */
export const windows: Shapes = {
  window: {
    // More than the window holds, read from the store page by page; most of it canceled.
    plan: ['in_app_1'],
    async story(run) {
      const { workflowId, definition } = run.address
      await run.accept(...Array.from({ length: 80_000 }, (_, i) => `user_${i + 1}`))
      run.store.spread(run.instant(0), 3_600 * SECOND)
      const args = [{ definition, cancelationKey: null, store: STORE }]
      await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args })
      await run.state()
      await run.move(0, 'user_80000')
      await run.state()
      await run.cancel()
      return closed(run)
    },
  },
  'window-full': {
    // As many as are kept in memory, and nobody forgotten: no page is read.
    plan: [{ delay: 3_600 * SECOND }, 'in_app_1'],
    story: (run) => crowdCanceled(run, WINDOW + WINDOW_SLACK),
  },
  'window-exceeded': {
    plan: [{ delay: 3_600 * SECOND }, 'in_app_1'],
    story: (run) => crowdCanceled(run, WINDOW + WINDOW_SLACK + 1),
  },
  'removals-forgotten': {
    // Of so many removed the first half is forgotten, to its last: told of once more, it is handed out. The next is not.
    plan: [{ delay: 3_600 * SECOND }, 'in_app_1'],
    async story(run) {
      const crowd = Array.from({ length: 2 * KEPT + 1 }, (_, i) => `user_${i + 1}`)
      const { workflowRunId } = run.store.accept(crowd, await run.env.currentTimeMs())
      await run.send({ workflowRunId, sleepers: run.store.sleepers() })
      await run.trigger('last')
      await run.state()
      // More than a call takes as arguments.
      await sendCancel(run.target, run.address.workflowId, run.store.cancel(crowd))
      await run.state()
      for (const place of [KEPT - 1, KEPT]) {
        const id = rowId(1, place)
        await run.send({
          workflowRunId,
          sleepers: [{ lane: 'run', step: 'late', due: 1, revision: 1, rows: [[id, id]] }],
        })
        await run.state()
      }
      await run.cancel()
      return closed(run)
    },
  },
  'read-again': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1')
      await run.accept('user_2')
      await run.handle.signal('move', { store: STORE, sleepers: [], reload: true })
      await run.state()
      await run.handle.signal('cancel', { store: { ...STORE, id: 'another' }, removed: [] })
      return closed(run)
    },
  },
  restored: {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2')
      await run.state()
      await run.cancel('user_1')
      await run.state()
      run.store.restore()
      const store = { ...STORE, epoch: STORE.epoch + 1 }
      await run.handle.signal('move', { store, sleepers: [], reload: true })
      return closed(run)
    },
  },
}

/** So many sleep, and all are canceled. */
async function crowdCanceled(run: LiveRun, size: number): Promise<undefined> {
  const crowd = Array.from({ length: size }, (_, i) => `user_${i + 1}`)
  await run.send(run.store.accept(crowd, await run.env.currentTimeMs()))
  await run.state()
  await run.cancel()
  return closed(run)
}

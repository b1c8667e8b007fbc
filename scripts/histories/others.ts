import { BULK_OPERATION, HOUSEKEEPING, SCHEDULE_OCCURRENCE, WEBHOOK_DELIVERY } from '../../workflows/names.ts'
import { wakeSignal } from '../../workflows/signals.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { SECOND } from '../../testing/product/live-run.ts'
import { type Shapes, closed } from './shape.ts'

/** The other workflows. */
export const others: Shapes = {
  housekeeping: {
    plan: [],
    async story(run) {
      const { workflowId } = run.address
      await run.client.workflow.start(HOUSEKEEPING, { workflowId, taskQueue: 'belay' })
      while ((await run.events()).filter(({ type }) => type === 'ACTIVITY_TASK_COMPLETED').length < 2) {
        await run.env.sleep(SECOND)
      }
      return undefined
    },
  },
  'housekeeping-marks': {
    plan: [],
    async story(run) {
      const { workflowId } = run.address
      run.store.mark = { ...STORE, counter: 1 }
      await run.client.workflow.start(HOUSEKEEPING, { workflowId, taskQueue: 'belay' })
      while ((await run.events()).filter(({ type }) => type === 'ACTIVITY_TASK_COMPLETED').length < 3) {
        await run.env.sleep(SECOND)
      }
      return undefined
    },
  },
  'webhook-delivery': {
    plan: [],
    async story(run) {
      const { workflowId } = run.address
      const start = { workflowId, taskQueue: 'belay', args: ['webhook_1'], signal: wakeSignal }
      await run.client.workflow.signalWithStart(WEBHOOK_DELIVERY, start)
      return closed(run)
    },
  },
  'schedule-occurrence': {
    plan: [],
    async story(run) {
      const { workflowId } = run.address
      await run.client.workflow.start(SCHEDULE_OCCURRENCE, { workflowId, taskQueue: 'belay', args: ['schedule_1'] })
      return closed(run)
    },
  },
  'bulk-operation': {
    plan: [],
    async story(run) {
      const { workflowId } = run.address
      await run.client.workflow.start(BULK_OPERATION, { workflowId, taskQueue: 'belay', args: ['operation_1'] })
      return closed(run)
    },
  },
}

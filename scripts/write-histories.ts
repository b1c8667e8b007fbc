/**
 * Records the histories that test/replay holds against the workflow code, each from a real run on a dev server:
 *
 *     npx tsx scripts/write-histories.ts
 *
 * Writes only those that are not there. A history whose shape was released is never recorded again: runs like it may
 * still sleep. A change of the code that breaks its replay goes behind `patched()`, with a new history beside it.
 */
import { ApplicationFailure } from '@temporalio/common'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { searchAttributes, sendCancel } from '../temporal/send.ts'
import { LiveRun, SECOND } from '../testing/product/live-run.ts'
import { RecordingStore, STORE, type Plan } from '../testing/fixtures/recording.ts'
import { devServer } from '../testing/servers/temporal.ts'
import { BULK_OPERATION, HOUSEKEEPING, SCHEDULE_OCCURRENCE, WEBHOOK_DELIVERY } from '../workflows/names.ts'
import { rowId } from '../store/ids/row-id.ts'
import { KEPT } from '../workflows/removals.ts'
import { wakeSignal } from '../workflows/signals.ts'
import { WINDOW, WINDOW_SLACK } from '../workflows/window.ts'

interface Shape {
  plan: Plan
  /** Events after which the run is told to continue as new. */
  limit?: number
  /** The id of the execution to be written, if it is not the newest. */
  story: (run: LiveRun) => Promise<string | undefined>
}

const REMINDER: Plan = [{ delay: 2 * SECOND }, 'email_1']

const shapes: Record<string, Shape> = {
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
  'shown-by-the-next-wake': {
    // What has changed within a second of the last look waits for a wake in less than five, and has a timer otherwise.
    plan: [{ delay: 5.4 * SECOND }, 'in_app_1'],
    story: threeAtOnce,
  },
  'shown-by-a-timer': {
    plan: [{ delay: 6 * SECOND }, 'in_app_1'],
    story: threeAtOnce,
  },
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
  'never-passes': {
    plan: REMINDER,
    async story(run) {
      await run.trigger('user_1', 'user_2', 'user_3')
      run.store.poison = { recipient: 'user_2', error: ApplicationFailure.nonRetryable('refused', 'StoreRefused') }
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
  'input-by-hand': {
    plan: REMINDER,
    async story(run) {
      const { workflowId } = run.address
      await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args: [] })
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

async function closed(run: LiveRun): Promise<undefined> {
  await run.handle.result().catch(() => undefined)
}

/** So many sleep, and all are canceled. */
async function crowdCanceled(run: LiveRun, size: number): Promise<undefined> {
  const crowd = Array.from({ length: size }, (_, i) => `user_${i + 1}`)
  await run.send(run.store.accept(crowd, await run.env.currentTimeMs()))
  await run.state()
  await run.cancel()
  return closed(run)
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

for (const [name, { plan, limit = 4_096, story }] of Object.entries(shapes)) {
  const file = fileURLToPath(new URL(`../test/replay/${name}.json`, import.meta.url))
  if (existsSync(file)) continue
  const env = await devServer({
    searchAttributes: Object.values(searchAttributes),
    extraArgs: ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${limit}`],
  })
  const run = new LiveRun(env, new RecordingStore(plan))
  try {
    await run.startWorker()
    const runId = await story(run)
    const handle = run.client.workflow.getHandle(run.address.workflowId, runId)
    const history = JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory())))
    // Failures have stacks, which name files of this machine.
    writeFileSync(file, history.replaceAll(fileURLToPath(new URL('..', import.meta.url)), '') + '\n')
    console.log(name)
  } finally {
    await run.stopWorker()
    await env.teardown()
  }
}

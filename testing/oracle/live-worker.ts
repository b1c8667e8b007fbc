import { activityInfo } from '@temporalio/activity'
import { NativeConnection, Worker } from '@temporalio/worker'
import { actQueue, deliverQueue } from '../../workflows/names.ts'
import type { RunActivities } from '../../workflows/run-activities.ts'
import { testBundle } from '../servers/bundle.ts'

export const TASK_QUEUE = 'belay'

/** The clock of a server whose time jumps, as the store's: it goes on with each activity, and by itself in between. */
export class ServerClock {
  #at = 0
  #since = 0

  /** The server has told its time, epoch milliseconds. */
  told(at: number): void {
    if (at <= this.now()) return
    this.#at = at
    this.#since = performance.now()
  }

  readonly now = (): number => this.#at + Math.floor(performance.now() - this.#since)
}

/** Workers as in production: sends, and steps that act on the outside, have one each. Nothing is cached: at every task a run is replayed from its start. */
export class LiveWorker {
  readonly #workers: Worker[]
  readonly #stopped: Promise<unknown>

  private constructor(workers: Worker[]) {
    this.#workers = workers
    this.#stopped = Promise.all(workers.map((worker) => worker.run()))
  }

  /** `activities` answers those in use at the time. */
  static async start(
    connection: NativeConnection,
    clock: ServerClock,
    activities: () => RunActivities,
  ): Promise<LiveWorker> {
    const call = (name: keyof RunActivities) => (input: unknown) => {
      clock.told(activityInfo().currentAttemptScheduledTimestampMs)
      return (activities()[name] as (given: unknown) => Promise<unknown>)(input)
    }
    const { act, deliver, ...others } = {
      act: call('act'),
      advance: call('advance'),
      deliver: call('deliver'),
      cancelInStore: call('cancelInStore'),
      loadPage: call('loadPage'),
    }
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowBundle: await testBundle(),
      activities: others,
      maxCachedWorkflows: 0,
    })
    const sender = await Worker.create({ connection, taskQueue: deliverQueue(TASK_QUEUE), activities: { deliver } })
    const actor = await Worker.create({ connection, taskQueue: actQueue(TASK_QUEUE), activities: { act } })
    return new LiveWorker([worker, sender, actor])
  }

  async stop(): Promise<void> {
    for (const worker of this.#workers) worker.shutdown()
    await this.#stopped
  }
}

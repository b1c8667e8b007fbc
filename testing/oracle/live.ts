import { activityInfo } from '@temporalio/activity'
import { Client, WorkflowNotFoundError } from '@temporalio/client'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { once } from 'node:events'
import { createCancelInStore } from '../../activities/cancel-in-store.ts'
import type { Context } from '../../api/http/route.ts'
import type { Outgoing, SendResult } from '../../channels/sender.ts'
import { noOutbox } from '../../events/outbox.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { addSearchAttributes } from '../../temporal/search-attributes.ts'
import { Signaler } from '../../temporal/signaler.ts'
import type { RunActivities } from '../../workflows/run-activities.ts'
import { cancelSignal } from '../../workflows/signals.ts'
import { quiet, TestWorker } from '../fixtures/activities.ts'
import { timeSkipping } from '../servers/temporal.ts'
import { Caller } from './caller.ts'
import { LiveWorker, ServerClock, TASK_QUEUE } from './live-worker.ts'
import type { Life, LifeStep } from './lives.ts'
import { resultOf } from './provider.ts'
import { pick } from './world.ts'

const END_MS = 300_000
// The time-skipping server refuses to cancel a timer that fired while the task was under way, and never gives that task
// out again; real servers take it. So nothing is done within this of an instant: each sleep ends so long after it.
const CLEAR_MS = 500
const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const

/**
 * The whole of it but for HTTP and the provider: the real store, api calls, signaler, activities and workflow, on a
 * server whose clock jumps.
 */
export class Live {
  readonly #context: Context
  readonly #env: TestWorkflowEnvironment
  readonly #clock = new ServerClock()
  readonly #client: Client
  readonly #signaler: Signaler
  #worker!: LiveWorker
  #activities!: RunActivities

  private constructor(context: Context, env: TestWorkflowEnvironment, signaler: Signaler, client: Client) {
    this.#context = context
    this.#env = env
    this.#signaler = signaler
    this.#client = client
  }

  static async start(context: Context): Promise<Live> {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } })
    const env = await timeSkipping()
    await addSearchAttributes(env.connection, 'default')
    // Awaiting through this one does not move the clock.
    const client = new Client({ connection: env.connection, namespace: env.namespace })
    const link = { away: false, failed: () => undefined }
    const { db } = context.store
    const signaler = new Signaler({
      client,
      taskQueue: TASK_QUEUE,
      db,
      store: await storeIdentity(db),
      link,
      log: quiet,
    })
    const live = new Live(context, env, signaler, client)
    live.#worker = await LiveWorker.start(env.nativeConnection, live.#clock, () => live.#activities)
    return live
  }

  async close(): Promise<void> {
    await this.#signaler.close()
    await this.#worker.stop()
    await this.#env.teardown()
  }

  /** Leads a life to its end; rejects if something in it was not so. */
  async lead({ home, recipients, provider, steps }: Life): Promise<void> {
    await this.#lookAtClock()
    const caller = new Caller({
      context: { ...this.#context, now: this.#clock.now },
      home,
      tell: async (signals) => {
        for (const signal of signals) await this.#signaler.send(signal)
      },
      punctual: true,
    })
    this.#activities = await this.#activitiesOf(caller, provider)
    await caller.trigger('here', recipients, 'join')
    for (const step of steps) {
      await this.#do(step, caller)
      await this.#lookAtClock()
    }
    await this.#signaler.resend()
    for (const workflowId of caller.workflowIds) await this.#end(workflowId)
    await this.#signaler.close()
    await caller.account.hold()
  }

  async #lookAtClock(): Promise<void> {
    this.#clock.told(await this.#env.currentTimeMs())
  }

  async #activitiesOf(caller: Caller, provider: Life['provider']): Promise<RunActivities> {
    const { now } = this.#clock
    const { db } = this.#context.store
    let sends = 0
    const send = async (message: Outgoing<unknown>): Promise<SendResult> => {
      const answer = pick(provider, (sends += 1))
      const begun = await caller.account.sends(message, worker.leases.owner, now(), answer)
      begun.endedAt = now()
      return resultOf(answer)
    }
    const worker = new TestWorker(db, send, now)
    const store = await storeIdentity(db)
    return {
      ...(await worker.activities()),
      cancelInStore: (input) =>
        caller.cancelInStore(activityInfo().workflowExecution!.workflowId, input, (watched) =>
          createCancelInStore({ db: watched, store, now, outbox: noOutbox, log: quiet })(input),
        ),
    }
  }

  async #do(step: LifeStep, caller: Caller): Promise<void> {
    switch (step.do) {
      case 'sleep':
        return this.#env.sleep(step.ms + CLEAR_MS)
      case 'trigger':
        return caller.trigger(step.where, step.recipients, step.conflict)
      case 'cancel':
        return caller.cancel(step.where, step.whom)
      case 'move':
        return caller.move(step.where, step.whom, step.to, step.later)
      case 'cancelTrigger':
        return caller.cancelTrigger(pick(caller.triggers, step.n), step.whom)
      case 'cancelByHand': {
        const { workflowId } = pick(caller.triggers, step.n).address
        const sent = this.#client.workflow.getHandle(workflowId).signal(cancelSignal, { recipients: step.whom })
        return sent.catch(unlessClosed)
      }
    }
  }

  /** All of its instants pass. */
  async #end(workflowId: string): Promise<void> {
    const late = AbortSignal.timeout(END_MS)
    const tooLate = once(late, 'abort').then(() => {
      throw new Error(`${workflowId} does not end`)
    })
    await Promise.race([this.#env.client.workflow.getHandle(workflowId).result().catch(unlessClosed), tooLate])
  }
}

function unlessClosed(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error
}

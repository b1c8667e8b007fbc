// @ts-nocheck: of the first shape, being rewritten
import { activityInfo } from '@temporalio/activity'
import { Client, WorkflowNotFoundError } from '@temporalio/client'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { pino } from 'pino'
import type { Outgoing, SendResult } from '../../channels/sender.ts'
import { createDeliver } from '../../activities/deliver.ts'
import type { Context } from '../../api/http/route.ts'
import { Signaler } from '../../temporal/signaler.ts'
import { noOutbox } from '../../events/outbox.ts'
import { addSearchAttributes } from '../../temporal/register.ts'
import { cancelSignal, type DeliverInput, type RunActivities } from '../../workflows/messages.ts'
import { testBundle } from '../servers/bundle.ts'
import { timeSkipping } from '../servers/temporal.ts'
import { Caller } from './caller.ts'
import type { Life, LifeStep } from './lives.ts'
import { pick } from './world.ts'

const TASK_QUEUE = 'belay'
const END_MS = 60_000
// The time-skipping server refuses to cancel a timer that fired while the task was under way, and never gives that task
// out again; real servers take it. So nothing is done within this of an instant: each sleep ends so long after it.
const CLEAR_MS = 500
const log = pino({ level: 'silent' })
const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const

/**
 * The whole of it but for HTTP and the provider: the real store, api calls, signaler, activities and workflow, on a
 * server whose clock jumps. Nothing is cached: at every task a run is replayed from its start.
 */
export class Live {
  readonly #context: Context
  readonly #env: TestWorkflowEnvironment
  readonly #worker: Worker
  readonly #stopped: Promise<void>
  readonly #signaler: Signaler
  readonly #client: Client

  private constructor(context: Context, env: TestWorkflowEnvironment, worker: Worker) {
    this.#context = context
    this.#env = env
    this.#worker = worker
    this.#stopped = worker.run()
    // Awaiting through this one does not move the clock.
    this.#client = new Client({ connection: env.connection, namespace: env.namespace })
    const link = { away: false, failed: () => undefined }
    this.#signaler = new Signaler({ client: this.#client, taskQueue: TASK_QUEUE, db: context.store.db, link, log })
  }

  /** Activities are those of the life that is led at the time. */
  static async start(context: Context): Promise<Live> {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } })
    const env = await timeSkipping()
    await addSearchAttributes(env.connection, 'default')
    const activities: RunActivities = {
      deliver: (input) => live.#activities.deliver(input),
      takeOut: (input) => live.#activities.takeOut(input),
    }
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowBundle: await testBundle(),
      activities: { ...activities },
      maxCachedWorkflows: 0,
    })
    const live: Live = new Live(context, env, worker)
    return live
  }

  #activities!: RunActivities

  async close(): Promise<void> {
    await this.#signaler.close()
    this.#worker.shutdown()
    await this.#stopped
    await this.#env.teardown()
  }

  /** Leads a life to its end; rejects if something in it was not so. */
  async lead({ home, recipients, provider, steps }: Life): Promise<void> {
    const clock = { now: await this.#env.currentTimeMs() }
    const caller = new Caller({
      context: { ...this.#context, now: () => clock.now },
      home,
      tell: async (signals) => {
        for (const signal of signals) await this.#signaler.send(signal)
      },
      isAlone: false,
      punctual: true,
    })
    this.#activities = this.#activitiesOf(caller, provider)
    await caller.trigger('here', recipients, 'join')
    for (const step of steps) {
      await this.#do(step, caller)
      clock.now = await this.#env.currentTimeMs()
    }
    await this.#signaler.resend()
    for (const workflowId of caller.workflowIds) await this.#end(workflowId)
    await this.#signaler.close()
    await caller.account.hold()
  }

  #activitiesOf(caller: Caller, provider: Life['provider']): RunActivities {
    const handedOut = new AsyncLocalStorage<DeliverInput>()
    let sends = 0
    const send = ({ messageId }: Outgoing<unknown>): Promise<SendResult> => {
      const input = handedOut.getStore()!
      const answer = pick(provider, (sends += 1))
      const { workflowExecution, activityId, attempt } = activityInfo()
      const by = { claim: `${workflowExecution?.runId ?? ''}:${activityId}`, attempt }
      caller.account.send({ input }, by, input.now, { messageId, answer })
      return Promise.resolve(answer === 'sent' ? { kind: answer } : { kind: answer, reason: 'the provider says so' })
    }
    const sender = { concurrency: 5, timeoutMs: 60_000, send, close: () => Promise.resolve() }
    const senders = {
      email: sender,
      http: sender,
      sms: sender,
      push: sender,
      chat: sender,
      close: () => Promise.resolve(),
    }
    const deliver = createDeliver({ db: this.#context.store.db, senders, outbox: noOutbox, log })
    return {
      deliver: (input) => handedOut.run(input, () => deliver(input)),
      takeOut: (input) => caller.takeOut(input),
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

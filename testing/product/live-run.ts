import { Client, ServiceError, type WorkflowExecutionStatusName } from '@temporalio/client'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { sendCancel, sendMoves, sendTriggers } from '../../temporal/send.ts'
import { deliverQueue } from '../../workflows/names.ts'
import type { DeliverInput } from '../../workflows/run-activities.ts'
import { stateQuery, type Counts, type RunView } from '../../workflows/run-view.ts'
import type { TriggerMessage } from '../../workflows/signals.ts'
import { testBundle } from '../servers/bundle.ts'
import { eventsOf, type HistoryEvent } from '../fixtures/history.ts'
import { STORE, type RecordingStore } from '../fixtures/recording.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Never early; late by no more than this, and the time this machine has taken: the clock runs on meanwhile. */
const LATE_MS = 2 * SECOND
const TASK_QUEUE = 'belay'

const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const
Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } })

/** Ref of the step, recipient, and the offset from the first trigger. */
export type Sent = [step: string, recipient: string, offset: number]

/**
 * One run on a test's server: real workflow code in a real worker, signals as the api sends them, and the store's side as
 * a model. Offsets are milliseconds from the first trigger, by the server's clock.
 */
export class LiveRun {
  readonly store: RecordingStore
  readonly env: TestWorkflowEnvironment
  /** Awaiting a result through this one does not move the clock. */
  readonly client: Client
  readonly address = { workflowId: 'reminder/order_1', definition: 'reminder', cancelationKey: 'order_1' }
  readonly #options: { maxCachedWorkflows?: number }
  #startedAt: number | undefined
  #opened = false
  #realStart = 0
  #workers: { worker: Worker; stopped: Promise<void> }[] = []

  constructor(env: TestWorkflowEnvironment, store: RecordingStore, options: { maxCachedWorkflows?: number } = {}) {
    this.env = env
    this.store = store
    this.store.clock = () => env.currentTimeMs()
    this.client = new Client({ connection: env.connection, namespace: env.namespace, identity: 'api' })
    this.#options = options
  }

  get handle() {
    return this.client.workflow.getHandle(this.address.workflowId)
  }

  get target() {
    return { client: this.client, taskQueue: TASK_QUEUE, store: STORE }
  }

  /** As the product has them: one for workflows and what they need at once, one for sends. */
  async startWorker(): Promise<void> {
    const { maxCachedWorkflows } = this.#options
    const { activities } = this.store
    const { deliver, ...others } = { ...activities, deliver: (input: DeliverInput) => activities.deliver(input) }
    const shared = {
      connection: this.env.nativeConnection,
      namespace: this.client.options.namespace,
      // A test that fails may leave an activity waiting.
      shutdownForceTime: '2s',
    } as const
    const worker = await Worker.create({
      ...shared,
      identity: 'worker',
      taskQueue: TASK_QUEUE,
      workflowBundle: await testBundle(),
      activities: others,
      ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
    })
    const sender = await Worker.create({
      ...shared,
      identity: 'sender',
      taskQueue: deliverQueue(TASK_QUEUE),
      activities: { deliver },
    })
    this.#workers = [worker, sender].map((each) => ({ worker: each, stopped: each.run() }))
  }

  async stopWorker(): Promise<void> {
    const workers = this.#workers
    this.#workers = []
    for (const { worker } of workers) worker.shutdown()
    await Promise.all(workers.map(({ stopped }) => stopped))
  }

  async accept(...recipients: string[]): Promise<TriggerMessage> {
    const now = await this.env.currentTimeMs()
    if (this.#startedAt === undefined) this.#realStart = performance.now()
    this.#startedAt ??= now
    return this.store.accept(recipients, now)
  }

  /** Answers the id of the execution that took it. */
  async trigger(...recipients: string[]): Promise<string> {
    return this.send(await this.accept(...recipients))
  }

  /** The first opens the run, the next join it. */
  async send(...messages: TriggerMessage[]): Promise<string> {
    const opens = !this.#opened
    this.#opened = true
    return this.#insist(() => sendTriggers(this.target, this.address, messages, opens))
  }

  /** No recipients: everybody. */
  async cancel(...recipients: string[]): Promise<'taken' | 'closed'> {
    const removed = this.store.cancel(recipients.length === 0 ? null : recipients)
    return this.#insist(() => sendCancel(this.target, this.address.workflowId, removed))
  }

  async move(offset: number, ...recipients: string[]): Promise<'taken' | 'closed'> {
    const groups = this.store.move(recipients, this.instant(offset))
    return this.#insist(() => sendMoves(this.target, this.address.workflowId, groups))
  }

  /** Epoch milliseconds of an offset. */
  instant(offset: number): number {
    return this.#startedAt! + offset
  }

  /** Lets the clock jump to the offset. */
  async at(offset: number): Promise<void> {
    const left = this.instant(offset) - (await this.env.currentTimeMs())
    if (left > 0) await this.env.sleep(left)
  }

  /** The state once the run has nothing more to do at this instant. */
  async state(): Promise<RunView> {
    for (;;) {
      const before = await this.handle.describe()
      const view = await this.handle.query(stateQuery)
      const { historyLength, raw } = await this.handle.describe()
      const busy = (raw.pendingActivities?.length ?? 0) > 0
      if (!busy && before.historyLength === historyLength) return view
    }
  }

  /** Exactly this has gone out so far, in this order. */
  async hasSent(...expected: Sent[]): Promise<void> {
    await this.state()
    const sent = this.store.handOuts.filter(({ outcome }) => outcome === 'sent')
    const told = sent.map(({ step, recipient, at }) => {
      const offset = at - this.#startedAt!
      const due = expected.find((each) => each[0] === step && each[1] === recipient && this.#isAt(offset, each[2]))
      return due ?? [step, recipient, offset]
    })
    assert.deepEqual(told, expected)
  }

  /** The run closes at the offset, neither earlier nor later. Answers its result. */
  async closes(offset: number, status: WorkflowExecutionStatusName = 'COMPLETED'): Promise<Counts | undefined> {
    await this.at(offset + SECOND)
    const result: unknown = await this.handle.result().catch(() => undefined)
    const closed = await this.handle.describe()
    const took = closed.closeTime!.getTime() - this.#startedAt!
    assert.equal(closed.status.name, status)
    assert.ok(this.#isAt(took, offset), `the run took ${took} ms and not ${offset}`)
    return result as Counts | undefined
  }

  /** Of the chain of executions, when it has closed. */
  async result(): Promise<Counts> {
    return (await this.handle.result()) as Counts
  }

  /** What Temporal did not take in time is sent again, as by the api. */
  async #insist<T>(send: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await send()
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        this.store.resent = true
      }
    }
  }

  #isAt(offset: number, expected: number): boolean {
    return offset >= expected && offset < expected + LATE_MS + performance.now() - this.#realStart
  }

  events(): Promise<HistoryEvent[]> {
    return eventsOf(this.handle)
  }

  /** Resolves when the history holds such an event; the clock stands still meanwhile. */
  async has(type: string): Promise<void> {
    while (!(await this.events()).some((event) => event.type === type));
  }
}

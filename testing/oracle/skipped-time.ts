import { Client } from '@temporalio/client'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { Context } from '../../api/http/route.ts'
import { triggerOf, triggerRequest } from '../../api/requests/trigger.ts'
import type { Outgoing, SendResult } from '../../channels/sender.ts'
import { acceptTrigger } from '../../engine/accept-trigger.ts'
import { cancel } from '../../engine/cancel.ts'
import { postEvent } from '../../engine/post-event.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { addSearchAttributes } from '../../temporal/search-attributes.ts'
import { Signaler } from '../../temporal/signaler.ts'
import type { RunActivities } from '../../workflows/run-activities.ts'
import { quiet, TestWorker, type Provider } from '../fixtures/activities.ts'
import { timeSkipping } from '../servers/temporal.ts'
import { LiveWorker, ServerClock, TASK_QUEUE } from './live-worker.ts'

const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const

/** A mail as it was handed over: its subject, and when, in epoch milliseconds. */
export interface Sent {
  subject: string
  at: number
}

/** The real store, calls, signaler, activities and workflow, on a server whose clock jumps; only the provider is played. */
export class SkippedTime {
  readonly sent: Sent[] = []
  readonly #env: TestWorkflowEnvironment
  readonly #clock = new ServerClock()
  #context!: Context
  #signaler!: Signaler
  #worker!: LiveWorker

  private constructor(env: TestWorkflowEnvironment) {
    this.#env = env
  }

  /** `provider` left out: one that takes everything, and what it took is in `sent`. */
  static async start(context: Context, provider?: Provider): Promise<SkippedTime> {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } })
    const env = await timeSkipping()
    await addSearchAttributes(env.connection, 'default')
    const started = new SkippedTime(env)
    const client = new Client({ connection: env.connection, namespace: env.namespace })
    const { db } = context.store
    const link = { away: false, failed: () => undefined }
    const store = await storeIdentity(db)
    started.#signaler = new Signaler({ client, taskQueue: TASK_QUEUE, db, store, link, log: quiet })
    const { now } = started.#clock
    started.#context = { ...context, signaler: started.#signaler, now }
    const activities: RunActivities = await new TestWorker(db, provider ?? started.#send, now).activities()
    started.#worker = await LiveWorker.start(env.nativeConnection, started.#clock, () => activities)
    await started.now()
    return started
  }

  /** Epoch milliseconds by the server's clock. */
  async now(): Promise<number> {
    this.#clock.told(await this.#env.currentTimeMs())
    return this.#clock.now()
  }

  /** The clock goes to an instant, and whoever is due by then has been seen to. */
  async until(instant: number): Promise<void> {
    const left = instant - (await this.now())
    if (left > 0) await this.#env.sleep(left)
    await this.now()
  }

  async trigger(
    workflow: string,
    key: string,
    recipient: string | { id: string; email: string },
    data: JsonObject = {},
  ): Promise<void> {
    const request = triggerRequest.parse({ recipients: [recipient], cancelation_key: key, data })
    await acceptTrigger(this.#context, this.#context, workflow, triggerOf(request))
  }

  async cancel(workflow: string, cancelationKey: string) {
    const address = { key: workflow, cancelationKey }
    return (await cancel(this.#context, this.#context, address, { recipients: null })).answer
  }

  async post(event: string, recipient: string): Promise<void> {
    await postEvent(this.#context, this.#context, { event, data: {}, recipients: [recipient] })
  }

  async close(): Promise<void> {
    await this.#signaler.close()
    await this.#worker.stop()
    await this.#env.teardown()
  }

  readonly #send = ({ content }: Outgoing<unknown>): Promise<SendResult> => {
    this.sent.push({ subject: (content as { subject_line: string }).subject_line, at: this.#clock.now() })
    return Promise.resolve({ kind: 'sent' })
  }
}

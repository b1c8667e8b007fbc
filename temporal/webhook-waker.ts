import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import type { Outbox } from '../events/outbox.ts'
import type { WebhookEndpoint } from '../settings/webhook-endpoints.ts'
import { WEBHOOK_DELIVERY } from '../workflows/names.ts'
import { wakeSignal } from '../workflows/signals.ts'
import { DEADLINE_MS } from './send.ts'

/** Wakes of this process to one endpoint are this far apart: what comes meanwhile goes with the next. */
const PAUSE_MS = 200

export interface WebhookWakerOptions {
  client: Client
  taskQueue: string
  endpoints: readonly WebhookEndpoint[]
  /** Sends signals to runs that commits have left. */
  wakeRuns?: Outbox['wakeRuns']
  /** True while Temporal is known to be away: nobody is woken then, and housekeeping makes up for it. */
  away: () => boolean
  log: Logger
}

/** The workflow that delivers to this endpoint: one at a time. */
export const webhookWorkflowId = (endpoint: string) => `belay-webhooks/${endpoint}`

/** Wakes the deliveries of endpoints for which events were committed, at most one signal under way to each. */
export class WebhookWaker implements Outbox {
  readonly #options: WebhookWakerOptions
  readonly #stop = new AbortController()
  #wanted = new Set<string>()
  #waking: Promise<void> | undefined

  constructor(options: WebhookWakerOptions) {
    this.#options = options
  }

  get endpoints(): readonly WebhookEndpoint[] {
    return this.#options.endpoints
  }

  get wakeRuns(): Outbox['wakeRuns'] {
    return this.#options.wakeRuns
  }

  wake(endpoints: ReadonlySet<string>): void {
    for (const key of endpoints) this.#wanted.add(key)
    if (this.#wanted.size > 0) this.#waking ??= this.#wakeAll()
  }

  /** Sends what is still to be sent, without pauses. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#waking
  }

  async #wakeAll(): Promise<void> {
    while (this.#wanted.size > 0) {
      const keys = [...this.#wanted]
      this.#wanted = new Set()
      await Promise.all(keys.map((key) => this.#wakeOne(key)))
      await delay(PAUSE_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
    this.#waking = undefined
  }

  async #wakeOne(endpoint: string): Promise<void> {
    const { client, taskQueue, endpoints, away, log } = this.#options
    const url = endpoints.find(({ key }) => key === endpoint)?.url
    if (away() || url === undefined) return
    try {
      await client.connection.withDeadline(Date.now() + DEADLINE_MS, () =>
        client.workflow.signalWithStart(WEBHOOK_DELIVERY, {
          workflowId: webhookWorkflowId(endpoint),
          taskQueue,
          args: [endpoint],
          signal: wakeSignal,
          signalArgs: [],
          staticSummary: `Webhooks to ${new URL(url).host}`.slice(0, 200),
        }),
      )
    } catch (error) {
      log.warn({ err: error, endpoint }, 'webhook delivery not woken; housekeeping will')
    }
  }
}

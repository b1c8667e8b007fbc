import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { actQueue, deliverQueue } from '../workflows/names.ts'
import { DEADLINE_MS } from './send.ts'

export type Presence = 'ok' | 'away'

/** temporal.api.enums.v1.TaskQueueType */
const WORKFLOW_TASKS: number = 1
const ACTIVITY_TASKS: number = 2
const PROBE_OK_MS = 5_000
const PROBE_AWAY_MS = 500
/** A connection that does not come up in this time is given up for another. */
const RENEW_MS = 5_000
/** A worker's poll lasts up to 60 s; one not seen for longer has gone. */
const POLLER_SEEN_MS = 75_000

export interface TemporalLinkOptions {
  client: Client
  taskQueue: string
  log: Logger
  /** Asked each time Temporal answers again, before anybody is told so. It is away for as long as this rejects. */
  admit?: () => Promise<void>
  /** Called each time Temporal is there again. */
  onBack?: () => void
  /** Called every few seconds while it does not: the connection is to be opened anew. */
  renew?: (() => void) | undefined
}

/** Knows whether Temporal answers, so that nobody waits for it while it is known to be away. Probes by itself. */
export class TemporalLink {
  readonly #options: TemporalLinkOptions
  #server: Presence = 'away'
  readonly #queues: readonly (readonly [name: string, type: number])[]
  /** The task queues that somebody polls. */
  #polled: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined
  #probing: Promise<void> | undefined
  #closed = false
  #renewedAt = performance.now()

  constructor(options: TemporalLinkOptions) {
    this.#options = options
    const { taskQueue } = options
    this.#queues = [
      [taskQueue, WORKFLOW_TASKS],
      [deliverQueue(taskQueue), ACTIVITY_TASKS],
      [actQueue(taskQueue), ACTIVITY_TASKS],
    ]
  }

  /** `worker` is ok while each task queue is polled by somebody. */
  status(): { server: Presence; worker: Presence } {
    return { server: this.#server, worker: this.#polled.size === this.#queues.length ? 'ok' : 'away' }
  }

  /** The task queues by name, and whether somebody polls them. */
  queues(): Record<string, boolean> {
    return Object.fromEntries(this.#queues.map(([name]) => [name, this.#polled.has(name)]))
  }

  /** Queues that nobody polls though others are polled: only a part of the work is done. */
  warnings(): string[] {
    if (this.#polled.size === 0) return []
    return this.#queues.flatMap(([name]) =>
      this.#polled.has(name) ? [] : [`no worker polls the task queue ${name}: what it is for waits`],
    )
  }

  get away(): boolean {
    return this.#server === 'away'
  }

  /** Looks once, then goes on looking. */
  async start(): Promise<void> {
    await this.#probe()
  }

  /** A call has failed for want of Temporal. */
  failed(error: unknown): void {
    if (this.#server === 'away' || this.#closed) return
    this.#server = 'away'
    this.#polled = new Set()
    this.#options.log.warn({ err: error }, 'Temporal is away: triggers and cancels are accepted, sends wait')
    this.#schedule(PROBE_AWAY_MS)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#probing
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      // A call that fails has Temporal looked for while another look is under way.
      this.#probing = Promise.all([this.#probing, this.#probe()]).then(() => undefined)
    }, delayMs)
    this.#timer.unref()
  }

  #renew(): void {
    if (performance.now() - this.#renewedAt < RENEW_MS) return
    this.#renewedAt = performance.now()
    this.#options.renew?.()
  }

  async #probe(): Promise<void> {
    const { log, admit, onBack } = this.#options
    try {
      // All are waited for: who closes this closes the connection next, and a call under way would fail.
      const looks = await Promise.allSettled(this.#queues.map((queue) => this.#pollersOf(queue)))
      this.#polled = new Set(looks.flatMap((look) => valueOf(look)))
      this.#renewedAt = performance.now()
      if (this.#server === 'away') {
        await admit?.()
        this.#server = 'ok'
        log.info('Temporal answers')
        onBack?.()
      }
      this.#schedule(this.status().worker === 'ok' ? PROBE_OK_MS : PROBE_AWAY_MS)
    } catch (error) {
      this.failed(error)
      this.#polled = new Set()
      this.#renew()
      this.#schedule(PROBE_AWAY_MS)
    }
  }

  /** The queue itself if somebody polls it, else nothing. */
  async #pollersOf([name, taskQueueType]: readonly [string, number]): Promise<string[]> {
    const { client } = this.#options
    const { pollers } = await client.connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum's package is CommonJS
        taskQueueType,
      }),
    )
    const seen = pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000)
    return Math.max(0, ...seen) > Date.now() - POLLER_SEEN_MS ? [name] : []
  }
}

function valueOf<Value>(look: PromiseSettledResult<Value>): Value {
  if (look.status === 'rejected') throw look.reason
  return look.value
}

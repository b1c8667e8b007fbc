import { ActivityFailure, log, proxyActivities, workflowInfo } from '@temporalio/workflow'
import type { Inspection } from './inspection.ts'
import { isActLane, RUN_LANE } from './lane-name.ts'
import { actQueue, deliverQueue } from './names.ts'
import type { RunActivities } from './run-activities.ts'
import type { CancelRequest } from './signals.ts'
import type { StoreIdentity } from './store-identity.ts'
import type { Chunk } from './chunk.ts'
import type { RunState } from './run-state.ts'
import { shorten } from './shorten.ts'
import type { StoreTime } from './store-time.ts'
import { tryOf } from './wanted-timers.ts'
import { WINDOW } from './window.ts'

const SUMMARY_BYTES = 200
/** Only a fault of ours or of the store gets here; what a provider refuses is retried by the run, message by message. */
const retry = { initialInterval: '1s', maximumInterval: '30s' } as const

const { advance } = proxyActivities<RunActivities>({ startToCloseTimeout: '60s', heartbeatTimeout: '10s', retry })
const { loadPage } = proxyActivities<RunActivities>({ startToCloseTimeout: '60s', heartbeatTimeout: '10s', retry })
const { cancelInStore } = proxyActivities<RunActivities>({ startToCloseTimeout: '30s', retry })

/** A cancel by hand. `upTo`: the newest row it means; null: decided when it is carried out. */
export interface Request {
  request: CancelRequest
  upTo: number | null
}

export interface WorkDeps {
  state: RunState
  time: StoreTime
  wake: () => void
  inspection: Inspection
  store: () => StoreIdentity
}

/** The activities of one run that are under way; each wakes the run's loop when it has ended. */
export class Work {
  readonly #deps: WorkDeps
  readonly #underWay = new Set<Promise<void>>()
  #isCanceling = false

  constructor(deps: WorkDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#underWay.size
  }

  handOut(chunk: Chunk): void {
    this.#track(this.#carryOut(chunk))
  }

  loadPage(): void {
    this.#track(this.#loadPage())
  }

  /** Carries requests out one after the other, in their order; each is taken off the list when it is done. */
  cancelInStore(requests: Request[]): void {
    if (this.#isCanceling) return
    this.#isCanceling = true
    this.#track(this.#cancelAll(requests))
  }

  #track(job: Promise<void>): void {
    const done = job.finally(() => {
      this.#underWay.delete(done)
      this.#deps.wake()
    })
    this.#underWay.add(done)
  }

  /** A chunk whose activity has failed for good is halved, down to the row at fault: the store shows it as overdue. */
  async #carryOut(chunk: Chunk): Promise<void> {
    const { state, time } = this.#deps
    try {
      const result = await this.#call(chunk)
      const isEarly = state.settle(chunk, result)
      time.observe(result.now, Date.now(), isEarly)
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error
      if (chunk.size === 1) {
        log.warn('a sleeper was given up: its activity cannot succeed', { lane: chunk.lane, rows: chunk.rows })
        state.settle(chunk)
        return
      }
      for (const half of state.halve(chunk)) this.handOut(half)
    }
  }

  #call({ lane, steps, tries, rows, size }: Chunk) {
    const store = this.#deps.store()
    const summary = shorten(`${steps.join(', ')}: ${size}${tryOf(lane, tries)}`, SUMMARY_BYTES)
    if (lane === RUN_LANE) return advance.executeWithOptions({ summary }, [{ store, rows }])
    const { taskQueue: own } = workflowInfo()
    const taskQueue = isActLane(lane) ? actQueue(own) : deliverQueue(own)
    const { act, deliver } = proxyActivities<RunActivities>({
      startToCloseTimeout: '60s',
      heartbeatTimeout: '10s',
      retry,
      taskQueue,
    })
    if (isActLane(lane)) return act.executeWithOptions({ summary }, [{ store, lane, rows }])
    return deliver.executeWithOptions({ summary }, [{ store, lane, rows }])
  }

  async #loadPage(): Promise<void> {
    const { state, time, store } = this.#deps
    const after = state.window.edge
    const begun = state.beginPage()
    try {
      const page = await loadPage({ store: store(), after, limit: WINDOW / 2 })
      time.observe(page.now, Date.now())
      state.endPage(begun, page)
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error
      log.error('the store could not be read, and will not be by another try; the run waits for signals')
      state.abandonPage(begun)
    }
  }

  async #cancelAll(requests: Request[]): Promise<void> {
    const { state, inspection, store } = this.#deps
    for (let asked = requests[0]; asked !== undefined; asked = requests[0]) {
      const { request, upTo } = asked
      try {
        const { removed } = await cancelInStore({ store: store(), request, upTo: upTo ?? state.newest })
        state.remove(removed)
        inspection.canceled({ by: 'temporal', ...(request.reason != null && { reason: request.reason }) })
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error
        log.warn('a cancel by hand was dropped: it cannot be carried out')
      }
      requests.shift()
    }
    this.#isCanceling = false
  }
}

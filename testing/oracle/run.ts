import { isActLane, RUN_LANE } from '../../workflows/lane-name.ts'
import type { ChunkResult, Page, RunActivities } from '../../workflows/run-activities.ts'
import { isRunInput } from '../../workflows/readable.ts'
import type { RunInput } from '../../workflows/run-input.ts'
import type { CancelRequest } from '../../workflows/signals.ts'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
import type { Chunk } from '../../workflows/chunk.ts'
import { RunState } from '../../workflows/run-state.ts'
import type { Attempt, WorkerProcess } from './process.ts'
import { received } from './received.ts'

/** Small, so that few recipients make many chunks and pages. */
const CHUNK = 3
const IN_FLIGHT = 2
const LIMITS = { window: 4, slack: 2 }

type Handed = { kind: 'chunk'; chunk: Chunk; result?: ChunkResult } | { kind: 'page'; begun: number; result?: Page }

/** An activity the run waits for, until its result is back. */
export type Job = Handed & {
  run: ModelRun
  name: keyof RunActivities
  input: unknown
  /** Where it is under way. */
  at?: { process: WorkerProcess; attempt: Attempt }
}

/** A cancel sent by hand. `upTo`: the newest row it means; null: decided when it is carried out. */
export interface Request {
  request: CancelRequest
  upTo: number | null
}

/** One run: the real state, and the turns its workflow takes, as notification-run.ts has them. */
export class ModelRun {
  readonly workflowId: string
  state: RunState
  readonly jobs: Job[] = []
  /** Cancels sent by hand; the first is being carried out. */
  readonly requests: Request[] = []
  /** To continue as new as soon as nothing is under way. */
  draining = false
  readonly #store: StoreIdentity

  /** `everything`: it is opened by the trigger it is told of; or else it reads the store first. */
  constructor(workflowId: string, store: StoreIdentity, everything: boolean) {
    this.workflowId = workflowId
    this.#store = store
    this.state = new RunState(undefined, everything, LIMITS)
  }

  ask(request: CancelRequest): void {
    this.requests.push({ request, upTo: this.state.window.hasBegun ? this.state.newest : null })
  }

  /** Acts on what has changed, by its own clock. False: it has ended. */
  turn(now: number): boolean {
    for (;;) {
      const { state } = this
      if (state.wantsPage && (!this.draining || this.requests.length > 0)) this.#loadPage()
      if (this.requests.length === 0 && !this.draining) {
        for (const chunk of state.takeDue(now, () => IN_FLIGHT, CHUNK)) this.#handOut(chunk)
      }
      if (this.jobs.length > 0 || this.requests.length > 0) return true
      if (state.isOver) return false
      if (!this.draining) return true
      const input: RunInput = {
        definition: 'model',
        cancelationKey: null,
        store: this.#store,
        carried: state.carry(50),
      }
      this.state = new RunState(received(input, isRunInput).carried, false, LIMITS)
      this.draining = false
    }
  }

  /** The activity's result reaches the run. */
  settle(job: Job): void {
    this.jobs.splice(this.jobs.indexOf(job), 1)
    if (job.kind === 'page') this.state.endPage(job.begun, job.result!)
    else this.state.settle(job.chunk, job.result)
  }

  #handOut(chunk: Chunk): void {
    const { lane, rows } = chunk
    const store = this.#store
    const call =
      lane === RUN_LANE
        ? { name: 'advance', input: { store, rows } }
        : { name: isActLane(lane) ? 'act' : 'deliver', input: { store, lane, rows } }
    this.jobs.push({ run: this, kind: 'chunk', chunk, ...(call as Pick<Job, 'name' | 'input'>) })
  }

  #loadPage(): void {
    const after = this.state.window.edge
    const begun = this.state.beginPage()
    const input = { store: this.#store, after, limit: LIMITS.window / 2 }
    this.jobs.push({ run: this, kind: 'page', begun, name: 'loadPage', input })
  }
}

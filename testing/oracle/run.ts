// @ts-nocheck: of the first shape, being rewritten
import {
  idsOf,
  type TakeOutInput,
  type Carried,
  type DeliverInput,
  type DeliverResult,
} from '../../workflows/messages.ts'
import { RunState, type Chunk } from '../../workflows/run-state.ts'
import type { Attempt } from './attempt.ts'

/** Small, so that few recipients make many chunks. */
const CHUNK = 3
const CHUNKS_IN_FLIGHT = 3

/** A chunk handed to an activity, until its result is back. */
export interface Job {
  run: ModelRun
  chunk: Chunk
  input: DeliverInput
  activityId: string
  attempt: number
  /** Hangs in a send. */
  hanging?: Attempt
  /** On its way to the run. */
  result?: DeliverResult
}

/** One run: the real state, and the turns its workflow takes, as notification-run.ts has them. */
export class ModelRun {
  readonly workflowId: string
  state = new RunState()
  readonly jobs: Job[] = []
  /** Cancels sent by hand; the first is being carried out. */
  readonly requests: Omit<TakeOutInput, 'workflowId'>[] = []
  /** To continue as new as soon as nothing is under way. */
  draining = false
  /** Times it continued as new. */
  continued = 0
  #activities = 0

  constructor(workflowId: string) {
    this.workflowId = workflowId
  }

  /** Acts on what has changed. False: it has ended. */
  turn(now: number): boolean {
    const underWay = () => this.jobs.length + Math.min(this.requests.length, 1)
    if (this.draining && underWay() === 0 && this.state.pending > 0) {
      this.state = new RunState(JSON.parse(JSON.stringify(this.state.carry())) as Carried)
      this.draining = false
      this.continued += 1
    }
    if (this.requests.length === 0 && !this.draining) {
      for (const chunk of this.state.takeDue(now, CHUNKS_IN_FLIGHT - underWay(), CHUNK)) this.#handOut(chunk, now)
    }
    return underWay() > 0 || this.state.pending > 0
  }

  /** The activity's result reaches the run. */
  settle(job: Job): void {
    this.jobs.splice(this.jobs.indexOf(job), 1)
    this.state.settle(job.chunk, job.result!)
  }

  #handOut(chunk: Chunk, now: number): void {
    const { step, rows } = chunk
    const activityId = `${this.continued}.${(this.#activities += 1)}`
    this.jobs.push({ run: this, chunk, input: { now, step, rows }, activityId, attempt: 1 })
  }
}

export function rowsOfJob({ input }: Job): number[] {
  return input.rows.flatMap(({ ids }) => idsOf(ids))
}

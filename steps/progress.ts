import type { Definition } from '../definitions/definition.ts'
import type { Step } from '../definitions/step.ts'
import type { BatchEntry } from '../store/batches/batch-entry.ts'
import type { NewMessage } from '../store/messages/new-message.ts'
import type { WalkEvent } from '../store/recipient-runs/insert-events.ts'
import { stepNumber } from '../store/recipient-runs/step-number.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { DigestInput, Scope } from '../templates/scope.ts'
import { RUN_LANE, type Lane } from '../workflows/lane-name.ts'
import type { RetryReason } from '../workflows/sleepers.ts'
import type { CarriedBatch, StepEffects, Walk } from './kind.ts'

/** Of a batch that was left by all. */
const EMPTY = 'each of its activities was canceled'

/** A walk as the engine moves it; the kinds of steps only look at it. */
export interface WalkUnderWay extends Walk {
  scope: Scope
  step: Step
  stepIndex: number
  nextMessage: number
  made: NewMessage[]
  state: JsonObject
  definition: Definition
  batch: CarriedBatch | null
  /** What it sees of the batch it goes on for. */
  digest: DigestInput | null
  /** The batches it came to. */
  entries: BatchEntry[]
  /** What becomes of its wait for an event. */
  wait: NonNullable<StepEffects['wait']> | null
  /** Makes the scope anew, of what `state` and `digest` say now. */
  rescope(): void
}

/** How far a walk has come since it was loaded. */
export interface Progress {
  walk: WalkUnderWay
  phase: 'enter' | 'wait'
  enteredAt: number
  due: number | null
  lane: Lane
  /** Failed tries of the step it stands in. */
  failures: number
  /** Its step acts on the outside at this moment. */
  acts: boolean
  /** Set while it waits for another try of its step. */
  why: RetryReason | undefined
  status: 'waiting' | 'ended' | undefined
  errors: number
  reason: string | null
  remembers: boolean
  definitionHash: string | undefined
  events: WalkEvent[]
}

/** As it was loaded. Over at once if the batch that it goes on for was left by all. */
export function begin(walk: WalkUnderWay): Progress {
  const { phase, enteredAt } = walk.row
  const nothing = {
    due: null,
    lane: RUN_LANE,
    failures: walk.row.attempt,
    acts: false,
    why: undefined,
    errors: 0,
    remembers: false,
    definitionHash: undefined,
  }
  const isOver = walk.batch?.isEmpty === true
  const end = isOver ? ({ status: 'ended', reason: EMPTY } as const) : { status: undefined, reason: null }
  return { walk, phase, enteredAt, ...nothing, ...end, events: [] }
}

/** Its step will remember `state`, beside what the others do. */
export function remember(progress: Progress, state: JsonObject): void {
  progress.remembers = true
  progress.walk.state = { ...progress.walk.state, ...state }
}

/** Tells what happened in the step it stands in. */
export function record(progress: Progress, event: WalkEvent['event'], data: JsonObject): void {
  const { events, walk, failures, definitionHash } = progress
  const status = event === 'step_failed' || event === 'step_retried' ? 'error' : 'ok'
  const hasMoved = (definitionHash ?? walk.row.definitionHash) !== null
  events.push({ event, status, step: stepNumber(walk.stepIndex, { hasMoved }), attempt: failures + 1, data })
}

/** What is to be written of it. */
export function settlementOf(progress: Progress): WalkSettlement {
  const { walk, phase, enteredAt, due, lane, failures, why, status, errors, reason, remembers, events } = progress
  const { definitionHash } = progress
  const { batch, entries, wait } = walk
  return {
    id: walk.row.id,
    revision: walk.row.revision,
    status: status ?? 'ended',
    step: walk.stepIndex,
    phase,
    enteredAt,
    due: status === 'waiting' ? due : (walk.row.due ?? enteredAt),
    lane,
    attempt: why === undefined ? 0 : failures,
    ...(why !== undefined && { why }),
    errors,
    reason,
    state: remembers ? walk.state : null,
    messages: walk.made,
    events,
    ...((batch !== null || entries.length > 0) && { batch: { entries, seen: batch } }),
    ...(wait !== null && { wait }),
    ...(definitionHash !== undefined && { definitionHash }),
  }
}

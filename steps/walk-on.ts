import type { Definition, Step } from '../definitions/definition.ts'
import type { WalkEvent } from '../store/recipient-runs/insert-events.ts'
import type { WalkSettlement } from '../store/recipient-runs/settle-walks.ts'
import { stepNumber } from '../store/recipient-runs/step-number.ts'
import type { NewMessage } from '../store/messages/new-message.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { actLane, RUN_LANE, type Lane, type RetryReason } from '../workflows/messages.ts'
import type { BatchEntry } from '../store/batches/batch-entry.ts'
import { takeWarnings, type DigestInput, type Scope } from '../templates/scope.ts'
import type { CarriedBatch, StepDeps, StepEffects, StepResult, Walk } from './kind.ts'
import { shownAs } from './judge.ts'
import { mayStillAct } from './reach.ts'
import { failureData, waitBeforeNext, whyAgain } from './tries.ts'
import { kindOf } from './registry.ts'
import { DATA, OWN_DATA } from './walk-data.ts'

/** A walk passes at most so many steps at one go: more is a loop that nobody meant. */
const MAX_HOPS = 1_000

/** Of a batch that was left by all. */
const EMPTY = 'each of its activities was canceled'

/** A walk as this module moves it; the kinds of steps only look at it. */
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

interface Progress {
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

/**
 * Walks recipient runs on until each of them waits or is over, kind by kind, all that stand in one kind at once. Nothing is
 * written: the settlements say what is to be. Steps that do not wait cost no trip through Temporal.
 */
export async function walkOn(walks: readonly WalkUnderWay[], deps: StepDeps): Promise<WalkSettlement[]> {
  const all = walks.map(begin)
  let open = all.filter(({ status }) => status === undefined)
  for (let hop = 0; open.length > 0; hop += 1) {
    if (hop === MAX_HOPS) {
      for (const progress of open) fail(progress, `passed ${MAX_HOPS} steps without a wait`, false)
      break
    }
    for (const group of byKind(open)) {
      const kind = kindOf(group[0]!.walk.step.type)
      const standing = group.map(({ walk }) => walk)
      const entering = group[0]!.phase === 'enter'
      const results = await (entering ? kind.enter(standing, deps) : kind.resume(standing, deps))
      group.forEach((progress, index) => {
        deps.told?.(progress.walk, results[index]!)
        apply(progress, results[index]!, deps.now)
      })
    }
    open = open.filter(({ status }) => status === undefined)
  }
  return all.map(settlementOf)
}

function begin(walk: WalkUnderWay): Progress {
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

function byKind(open: readonly Progress[]): Progress[][] {
  const groups = new Map<string, Progress[]>()
  for (const progress of open) {
    const key = `${progress.walk.step.type} ${progress.phase}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, [progress])
    else same.push(progress)
  }
  return [...groups.values()]
}

function apply(progress: Progress, result: StepResult, now: number): void {
  const { walk } = progress
  const warnings = takeWarnings(walk.scope)
  if (warnings.length > 0) record(progress, 'step_warned', { warnings })
  for (const message of result.messages ?? []) {
    walk.made.push(message)
    walk.nextMessage += 1
  }
  if (result.state !== undefined) remember(progress, result.state)
  if (result.entry !== undefined) walk.entries.push(result.entry)
  if (result.wait !== undefined) walk.wait = { ...walk.wait, ...result.wait }
  if (result.data !== undefined) {
    if (walk.batch !== null && walk.state[OWN_DATA] === undefined) remember(progress, { [OWN_DATA]: {} })
    remember(progress, { [DATA]: { ...(walk.state[DATA] as JsonObject | undefined), ...result.data } })
    walk.rescope()
  }
  if (walk.held != null) {
    record(progress, 'step_conditions_held', shownAs(walk.held))
    walk.held = null
  }
  if (result.decided !== undefined) record(progress, 'step_decided', result.decided)
  if (result.skipped !== undefined) {
    const { reason, data } = result.skipped
    remember(progress, { [walk.step.ref]: { skipped: true } })
    record(progress, 'step_skipped', { ...data, reason })
  }
  if (result.digest !== undefined) carry(progress, result.digest)
  switch (result.kind) {
    case 'go_on':
      goOn(progress, result.to === undefined ? walk.step.next : result.to, now)
      return
    case 'wait':
      progress.phase = 'wait'
      progress.due = result.due
      if (result.due === null || result.due > now || result.entry !== undefined) progress.status = 'waiting'
      return
    case 'act':
      stand(progress, now)
      return
    case 'retry':
      tryAgain(progress, result.due, result.reason, false)
      return
    case 'end':
      progress.status = 'ended'
      progress.reason = result.reason
      record(progress, 'step_skipped', { reason: result.reason })
      return
    case 'fail': {
      const { reason, isFinal = false, isOurs = false } = result
      const wait = isFinal ? undefined : waitBeforeNext(progress.failures)
      if (wait === undefined) fail(progress, reason, isOurs)
      else tryAgain(progress, now + wait, reason, isOurs)
    }
  }
}

/** Its step is entered, resumed or done again at `due`. */
function tryAgain(progress: Progress, due: number, reason: string, isOurs: boolean): void {
  record(progress, 'step_retried', { ...failureData(reason, isOurs), again_at: new Date(due).toISOString() })
  if (progress.acts) stand(progress, due)
  progress.due = due
  progress.status = 'waiting'
  progress.failures += 1
  progress.why = whyAgain(isOurs)
}

/** Stands in its step, in the lane of what acts on the outside, until `due`. */
function stand(progress: Progress, due: number): void {
  progress.phase = 'wait'
  progress.due = due
  progress.lane = actLane(progress.walk.step.type)
  progress.status = 'waiting'
}

/** From here on it is the batch's walk: what its own steps added before belongs to its own activity. */
function carry(progress: Progress, { closing, seen, version }: NonNullable<StepEffects['digest']>): void {
  const { walk } = progress
  walk.batch = { ...closing, isEmpty: seen === null }
  walk.digest = seen
  const own = walk.state[DATA]
  if (own !== undefined) remember(progress, { [OWN_DATA]: own, [DATA]: {} })
  if (version !== undefined) {
    progress.definitionHash = version.hash
    walk.definition = version.definition
    walk.stepIndex = version.stepIndex
    walk.step = version.definition.steps[version.stepIndex]!
  }
  walk.rescope()
}

function remember(progress: Progress, state: JsonObject): void {
  progress.remembers = true
  progress.walk.state = { ...progress.walk.state, ...state }
}

/** On to the next step, or to the end if nothing that acts is left. */
function goOn(progress: Progress, to: number | null, now: number): void {
  const { walk } = progress
  const next = to === null ? undefined : walk.definition.steps[to]
  if (to === null || next === undefined || !mayStillAct(walk.definition, to)) {
    progress.status = 'ended'
    return
  }
  walk.step = next
  walk.stepIndex = to
  progress.failures = 0
  progress.phase = 'enter'
  progress.enteredAt = now
}

function fail(progress: Progress, reason: string, isOurs: boolean): void {
  progress.status = 'ended'
  progress.errors += 1
  progress.reason = reason
  record(progress, 'step_failed', failureData(reason, isOurs))
}

function record(progress: Progress, event: WalkEvent['event'], data: JsonObject): void {
  const { events, walk, failures, definitionHash } = progress
  const status = event === 'step_failed' || event === 'step_retried' ? 'error' : 'ok'
  const hasMoved = (definitionHash ?? walk.row.definitionHash) !== null
  events.push({ event, status, step: stepNumber(walk.stepIndex, { hasMoved }), attempt: failures + 1, data })
}

function settlementOf(progress: Progress): WalkSettlement {
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

/** What a step did on the outside came to `result`: its walk goes on from there by a hand-out of its own, due at once. */
export function afterAct(walk: WalkUnderWay, result: StepResult, now: number): WalkSettlement {
  const progress = { ...begin(walk), acts: true }
  apply(progress, result, now)
  if (progress.status === undefined) {
    progress.status = 'waiting'
    progress.due = now
  }
  return settlementOf(progress)
}

export function stepRefOf({ steps }: Definition, step: number): string {
  return steps[step]!.ref
}

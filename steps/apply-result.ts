import type { JsonObject } from '../store/schema/index.ts'
import { takeWarnings } from '../templates/scope.ts'
import { actLane } from '../workflows/lane-name.ts'
import { shownAs } from './conditions.ts'
import type { AnyStepResult, StepEffects } from './kind.ts'
import { record, remember, type Progress } from './progress.ts'
import { mayStillAct } from './reach.ts'
import { failureData, waitBeforeNext, whyAgain } from './tries.ts'
import { DATA, OWN_DATA } from './walk-data.ts'

/** Moves a walk by what its step came to: what it adds, then where the walk stands. */
export function applyResult(progress: Progress, result: AnyStepResult, now: number): void {
  addEffects(progress, result)
  moveOn(progress, result, now)
}

function addEffects(progress: Progress, result: AnyStepResult): void {
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
  if (result.decided !== undefined) record(progress, 'step_decided', result.decided.data)
  if (result.skipped !== undefined) {
    const { reason, data } = result.skipped
    remember(progress, { [walk.step.ref]: { skipped: true } })
    record(progress, 'step_skipped', { ...data, reason })
  }
  if (result.digest !== undefined) carry(progress, result.digest)
}

function moveOn(progress: Progress, result: AnyStepResult, now: number): void {
  switch (result.kind) {
    case 'go_on':
      enterNext(progress, result.to === undefined ? progress.walk.step.next : result.to, now)
      return
    case 'wait':
      progress.phase = 'wait'
      progress.due = result.due
      if (result.due === null || result.due > now || result.entry !== undefined) progress.status = 'waiting'
      return
    case 'act':
      standOutside(progress, now)
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
  if (progress.acts) standOutside(progress, due)
  progress.due = due
  progress.status = 'waiting'
  progress.failures += 1
  progress.why = whyAgain(isOurs)
}

/** Stands in its step, in the lane of what acts on the outside, until `due`. */
function standOutside(progress: Progress, due: number): void {
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

/** On to the next step, or to the end if nothing that acts is left. */
function enterNext(progress: Progress, to: number | null, now: number): void {
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

/** It ends in its step, with an error. */
export function fail(progress: Progress, reason: string, isOurs: boolean): void {
  progress.status = 'ended'
  progress.errors += 1
  progress.reason = reason
  record(progress, 'step_failed', failureData(reason, isOurs))
}

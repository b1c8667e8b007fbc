import type { Definition } from '../definitions/definition.ts'
import type { Step } from '../definitions/step.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import { applyResult, fail } from './apply-result.ts'
import { evaluateStepConditions, skippedBy } from './conditions.ts'
import type { StepDeps, StepKind, AnyStepResult, Walk } from './kind.ts'
import { begin, settlementOf, type Progress, type WalkUnderWay } from './progress.ts'
import { kindOf } from './registry.ts'

/** A walk passes at most so many steps at one go: more is a loop that nobody meant. */
const MAX_HOPS = 1_000

/**
 * Walks recipient runs on until each of them waits or is over, kind by kind, all that stand in one kind at once. Nothing is
 * written: the settlements say what is to be. Steps that do not wait cost no trip through Temporal. Throws a NoRoomError where
 * they make more than `room` has.
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
      const results = await (entering ? enterEach(kind, standing, deps) : kind.resume(standing, deps))
      group.forEach((progress, index) => {
        deps.onResult?.(progress.walk, results[index]!)
        applyResult(progress, results[index]!, deps.now)
      })
    }
    open = open.filter(({ status }) => status === undefined)
  }
  return all.map(settlementOf)
}

/** Those whose conditions hold enter their step; it is skipped for the others. */
async function enterEach(kind: StepKind<Step>, walks: readonly Walk[], deps: StepDeps): Promise<AnyStepResult[]> {
  const judgements = await evaluateStepConditions(walks, deps)
  const passed = walks.filter((_walk, index) => judgements[index]!.result)
  const entered = (passed.length === 0 ? [] : await kind.enter(passed, deps)).values()
  return judgements.map(({ result, explanation }) => (result ? entered.next().value! : skippedBy(explanation)))
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

/** What a step did on the outside came to `result`: its walk goes on from there by a hand-out of its own, due at once. */
export function afterAct(walk: WalkUnderWay, result: AnyStepResult, now: number): WalkSettlement {
  const progress = { ...begin(walk), acts: true }
  applyResult(progress, result, now)
  if (progress.status === undefined) {
    progress.status = 'waiting'
    progress.due = now
  }
  return settlementOf(progress)
}

/** The end of a walk whose batch was left by all: nothing is to be done for it. Null: it goes on. */
export function emptiedWalk(walk: WalkUnderWay): WalkSettlement | null {
  return walk.batch?.isEmpty === true ? settlementOf(begin(walk)) : null
}

/** The ref of the step at this index, which there must be. */
export function stepRefOf({ steps }: Definition, step: number): string {
  return steps[step]!.ref
}

import { kindOf } from '../steps/registry.ts'
import type { PlacedStep } from './compile-steps.ts'
import type { Remark } from './problem.ts'
import type { Step, WaitStep } from './step.ts'

/** The steps of a definition that no way leads to, and the waits that halt either way; paths from the file on. */
export function unreachedSteps(placed: readonly PlacedStep[]): Remark[] {
  const reached = new Set<number>([0])
  const halting = new Map<number | null, string>()
  // Each goes on to later ones only: one pass sees every way.
  return placed.flatMap(({ step, at }, index): Remark[] => {
    if (!reached.has(index)) {
      const halts = halting.get(index)
      const why = halts === undefined ? 'no way leads to it' : `${halts} halts either way`
      return [{ at, message: `is never reached: ${why}` }]
    }
    for (const target of kindOf(step.type).targets(step)) if (target !== null) reached.add(target)
    // Who passes it over, since its conditions do not hold.
    if (step.conditions !== undefined && step.next !== null) reached.add(step.next)
    if (!haltsEitherWay(step)) return []
    halting.set(step.next, step.ref)
    const message = 'is halt, and so is on_timeout (where it is missing, too): nothing is to be waited for'
    return [{ at: [...at, 'settings', 'on_match'], message }]
  })
}

function haltsEitherWay(step: Step): step is WaitStep {
  return step.type === 'wait_for_event' && step.haltsOnMatch && step.haltsOnTimeout && step.conditions === undefined
}

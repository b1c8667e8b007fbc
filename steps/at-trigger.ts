import type { Definition } from '../definitions/definition.ts'
import { canPlanAtTrigger, planDelay, type DelayScope } from './delay/delay.ts'

/** Where a recipient run begins: in which phase of its first step, until when (epoch milliseconds); or why it cannot. */
export type Beginning = { step: 0; phase: 'enter' | 'wait'; due: number } | { field: string; problem: string }

/**
 * Where a trigger accepted at `from` (epoch milliseconds) begins. A first delay that the trigger alone settles is planned
 * here, and refused here if its value cannot be used; anything else is for the worker, due at
 * once: conditions, and window rules, which need the recipient's time zone.
 */
export function beginAt(
  definition: Definition,
  from: number,
  scope: DelayScope,
  { skipDelay }: { skipDelay: boolean },
): Beginning {
  const first = definition.steps[0]
  const toEnter = { step: 0, phase: 'enter', due: from } as const
  if (first?.type !== 'delay' || skipDelay || definition.conditions !== undefined || !canPlanAtTrigger(first))
    return toEnter
  const plan = planDelay(first, scope, from, null)
  if (plan === 'needs zone') return toEnter
  return 'due' in plan ? { step: 0, phase: 'wait', due: plan.due } : plan
}

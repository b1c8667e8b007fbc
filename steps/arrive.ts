import { lastSendOf, type Definition } from '../definitions/definition.ts'
import { canPlanAtTrigger, planDelay, type DelayScope } from './delay/delay.ts'

/**
 * What comes after a step. `waiting`: the step `step` is to be carried out at `due` (epoch milliseconds), a delay before
 * it slept until then. `ended`: nothing that sends is left. `problem`: a delay's value cannot be used.
 */
export type Arrival =
  | { kind: 'waiting'; step: number; due: number }
  | { kind: 'ended' }
  | { kind: 'problem'; field: string; problem: string }

/** Arrives at the step `index` at the instant `from`: a delay is planned and passed, anything else is due. */
export function arrive(
  definition: Definition,
  index: number,
  from: number,
  scope: DelayScope,
  options: { skipDelay: boolean },
): Arrival {
  let at = index
  while (options.skipDelay && definition.steps[at]?.type === 'delay') at += 1
  const step = definition.steps[at]
  if (step === undefined || at > lastSendOf(definition)) return { kind: 'ended' }
  if (step.type !== 'delay') return { kind: 'waiting', step: at, due: from }
  const plan = planDelay(step, scope, from)
  return 'due' in plan ? { kind: 'waiting', step: at + 1, due: plan.due } : { kind: 'problem', ...plan }
}

/** The same for a trigger just accepted: a delay that needs the recipient or the actor is left to the worker, due at once. */
export function arriveAtTrigger(
  definition: Definition,
  from: number,
  scope: DelayScope,
  options: { skipDelay: boolean },
): Arrival {
  const first = definition.steps[0]
  if (first?.type === 'delay' && !options.skipDelay && !canPlanAtTrigger(first)) {
    return { kind: 'waiting', step: 0, due: from }
  }
  return arrive(definition, 0, from, scope, options)
}

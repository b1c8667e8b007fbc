import type { Definition } from '../definitions/definition.ts'
import type { NewTrigger } from './kind.ts'
import { kindOf } from './registry.ts'

/** Where a recipient run begins: in which phase of its first step, until when (epoch milliseconds); or why it cannot. */
export type Beginning = { step: 0; phase: 'enter' | 'wait'; due: number } | { field: string; problem: string }

/**
 * Where a trigger accepted at `from` (epoch milliseconds) begins. A wait of the first step that the trigger alone settles is
 * planned here, and refused here if its value cannot be used; anything else is for the worker, due at once: conditions, and
 * what needs the recipient's time zone.
 */
export function beginAt(definition: Definition, from: number, trigger: NewTrigger): Beginning {
  const [first] = definition.steps
  const isAsked = definition.conditions !== undefined || first?.conditions !== undefined
  const plan = first === undefined || isAsked ? null : kindOf(first.type).planAtTrigger?.(first, trigger, from)
  if (plan == null) return { step: 0, phase: 'enter', due: from }
  return 'due' in plan ? { step: 0, phase: 'wait', due: plan.due } : plan
}

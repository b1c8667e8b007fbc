import type { BatchStep } from '../../definitions/step.ts'
import type { BatchEntry } from '../../store/batches/batch-entry.ts'
import type { Scope } from '../../templates/scope.ts'
import { after, planDelay } from '../delay/delay.ts'

/** The close of a batch and how it may move, in epoch milliseconds. */
export type BatchWindow = Pick<BatchEntry, 'closesAt' | 'slidesTo' | 'limitOf'>

/** When a batch closes that an activity opens, or moves, at `from`; a text says why that cannot be told. */
export function windowOf(step: BatchStep, scope: Scope, from: number, zone: string): BatchWindow | string {
  const { windowFor: delayFor, windowUntil: delayUntil, windowRule, isSliding, extensionLimit } = step
  const planned = planDelay(
    { delayFor, delayUntil, ...(windowRule !== null && { window: windowRule }) },
    scope,
    from,
    zone,
  )
  if ('problem' in planned) return `${planned.field} ${planned.problem}`
  const { due } = planned
  const limitOf = extensionLimit === null ? null : (openedAt: number) => after(openedAt, extensionLimit)
  return { closesAt: due, slidesTo: isSliding ? due : null, limitOf }
}

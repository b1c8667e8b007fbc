import type { DelayStep } from '../../definitions/step.ts'
import type { InsideKind, NewTrigger, StepDeps, StepResult, Walk } from '../kind.ts'
import { beginningOf } from './beginning.ts'
import { planDelay } from './delay.ts'
import { delayFile } from './file.ts'
import { zoneFor } from './zone.ts'

/**
 * Sleeps. Where the instant is over by now there is nothing to wait for, and the step is skipped; any other value that cannot
 * be used fails the recipient run, visibly.
 */
export const delayKind: InsideKind<DelayStep> = {
  type: 'delay',
  file: delayFile,
  acts: false,
  movable: true,
  targets: ({ next }) => [next],
  enter: (walks, deps) => Promise.resolve(walks.map((walk) => plan(walk, deps))),
  resume: (walks) => Promise.resolve(walks.map((): StepResult => ({ kind: 'go_on' }))),
  planAtTrigger,
}

/** Window rules need the recipient's time zone, and paths of anything but `data` what is known of people. */
function planAtTrigger(step: DelayStep, { data, skipDelay }: NewTrigger, from: number) {
  const { window, delayUntil } = step
  if (skipDelay || window !== undefined || delayUntil?.startsWith('data.') === false) return null
  const planned = planDelay(step, { data }, from, null)
  return planned === 'needs zone' ? null : planned
}

function plan(walk: Walk<DelayStep>, { now, timeZone }: StepDeps): StepResult {
  const { step, scope, trigger } = walk
  if (trigger.skipDelay) return { kind: 'go_on' }
  const planned = planDelay(step, scope, beginningOf(walk, now), zoneFor(scope, timeZone))
  if ('due' in planned) return { kind: 'wait', due: planned.due }
  const reason = `${planned.field} ${planned.problem}`
  return planned.isPast === true ? { kind: 'go_on', skipped: { reason } } : { kind: 'fail', reason }
}

import type { DelayStep } from '../../definitions/definition.ts'
import type { StepKind, StepResult } from '../kind.ts'
import { planDelay } from './delay.ts'

/** Sleeps; a value that cannot be used fails the recipient run, visibly. */
export const delayKind: StepKind<DelayStep> = {
  type: 'delay',
  acts: false,
  targets: ({ next }) => [next],
  enter(walks, { now }) {
    return Promise.resolve(
      walks.map(({ step, scope, trigger }): StepResult => {
        if (trigger.skipDelay) return { kind: 'go_on' }
        const plan = planDelay(step, scope, now)
        return 'due' in plan
          ? { kind: 'wait', due: plan.due }
          : { kind: 'fail', reason: `${plan.field} ${plan.problem}` }
      }),
    )
  },
  resume: (walks) => Promise.resolve(walks.map((): StepResult => ({ kind: 'go_on' }))),
}

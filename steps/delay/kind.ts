import type { DelayStep } from '../../definitions/definition.ts'
import { judgeStep, skippedBy } from '../judge.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { planDelay } from './delay.ts'
import { delayFile } from './file.ts'
import { zoneFor } from './zone.ts'

/** Sleeps; a value that cannot be used fails the recipient run, visibly. */
export const delayKind: StepKind<DelayStep> = {
  type: 'delay',
  file: delayFile,
  acts: false,
  targets: ({ next }) => [next],
  async enter(walks, deps) {
    const judgements = await judgeStep(walks, deps)
    return walks.map((walk, index) => {
      const { result, explanation } = judgements[index]!
      return result ? plan(walk, deps) : skippedBy(explanation)
    })
  },
  resume: (walks) => Promise.resolve(walks.map((): StepResult => ({ kind: 'go_on' }))),
}

function plan({ step, scope, trigger }: Walk<DelayStep>, { now, timeZone }: StepDeps): StepResult {
  if (trigger.skipDelay) return { kind: 'go_on' }
  const planned = planDelay(step, scope, now, zoneFor(scope, timeZone))
  return 'due' in planned
    ? { kind: 'wait', due: planned.due }
    : { kind: 'fail', reason: `${planned.field} ${planned.problem}` }
}

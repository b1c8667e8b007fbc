import type { TriggerStep } from '../../definitions/step.ts'
import type { ActResult, OutsideDeps, StepKind, Walk } from '../kind.ts'
import { letAct } from '../let-act.ts'
import { renderFor } from '../render-each.ts'
import { wishOf } from './wish.ts'
import { triggerFile } from './file.ts'

/**
 * Triggers another workflow, exactly once, in a transaction of its own while the row is claimed. A workflow that is not
 * active is passed over; what cannot be triggered fails the run.
 */
export const triggerKind: StepKind<TriggerStep> = {
  type: 'trigger_workflow',
  file: triggerFile,
  acts: true,
  movable: false,
  targets: ({ next }) => [next],
  enter: letAct,
  resume: letAct,
  act: trigger,
}

async function trigger(walk: Walk<TriggerStep>, deps: OutsideDeps): Promise<ActResult> {
  const wish = await renderFor(walk, wishOf)
  if (typeof wish === 'string') return { kind: 'fail', reason: wish }
  const done = await deps.trigger(walk, wish)
  if ('skipped' in done) return { kind: 'go_on', skipped: { reason: done.skipped } }
  if ('problem' in done) return { kind: 'fail', reason: done.problem }
  const { workflowRunId } = done
  const output = { workflow: wish.workflow, workflow_run_id: workflowRunId }
  const decided = { text: `triggers ${wish.workflow}`, data: output }
  return { kind: 'go_on', decided, state: { [walk.step.ref]: output } }
}

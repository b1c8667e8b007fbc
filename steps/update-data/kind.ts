import type { UpdateDataStep } from '../../definitions/step.ts'
import { evaluateStepConditions, skippedBy } from '../conditions.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { renderEach } from '../render-each.ts'
import { renderedObject } from '../rendered-json.ts'
import { keptWith } from '../walk-data.ts'
import { updateDataFile } from './file.ts'

/** Lays data over that which this recipient run sees, field by field. What does not render fails the run. */
export const updateDataKind: StepKind<UpdateDataStep> = {
  type: 'update_data',
  file: updateDataFile,
  acts: false,
  movable: false,
  targets: ({ next }) => [next],
  enter: update,
  resume: update,
}

async function update(walks: readonly Walk<UpdateDataStep>[], deps: StepDeps): Promise<StepResult[]> {
  const judgements = await evaluateStepConditions(walks, deps)
  const passed = walks.filter((_walk, index) => judgements[index]!.result)
  const laid = (await renderEach(passed, layData, deps.room)).values()
  return judgements.map(({ result, explanation }) => (result ? laid.next().value! : skippedBy(explanation)))
}

function layData({ step, scope, state }: Walk<UpdateDataStep>): StepResult {
  const rendered = renderedObject('data', step.data, scope)
  if ('problem' in rendered) return { kind: 'fail', reason: rendered.problem }
  const problem = keptWith(state, rendered.object)
  return problem === null ? { kind: 'go_on', data: rendered.object } : { kind: 'fail', reason: problem }
}

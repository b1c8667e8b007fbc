import type { UpdateDataStep } from '../../definitions/step.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { renderEach } from '../render-each.ts'
import { renderedObject } from '../rendered-json.ts'
import { keptWith } from '../walk-data.ts'
import { updateDataFile } from './file.ts'

/** So many fields an event names. It names no value: one may be a secret of `vars`. */
const MOST_TOLD = 50

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

function update(walks: readonly Walk<UpdateDataStep>[], { room }: StepDeps): Promise<StepResult[]> {
  return renderEach(walks, layData, room)
}

function layData({ step, scope, state }: Walk<UpdateDataStep>): StepResult {
  const rendered = renderedObject('data', step.data, scope)
  if ('problem' in rendered) return { kind: 'fail', reason: rendered.problem }
  const problem = keptWith(state, rendered.object)
  if (problem !== null) return { kind: 'fail', reason: problem }
  const fields = Object.keys(rendered.object).slice(0, MOST_TOLD)
  return {
    kind: 'go_on',
    data: rendered.object,
    decided: { text: `data ${JSON.stringify(rendered.object)}`, data: { fields } },
  }
}

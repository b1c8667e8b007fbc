import type { BranchStep } from '../../definitions/step.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { evaluateWalks, shownAs } from '../conditions.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { branchFile } from './file.ts'

/** Goes on in the first branch whose conditions hold; the last is the default and has none. */
export const branchKind: StepKind<BranchStep> = {
  type: 'branch',
  file: branchFile,
  acts: false,
  movable: false,
  targets: ({ branches }) => branches.map(({ to }) => to),
  enter: choose,
  resume: choose,
}

/** Branch by branch, and in each all walks that took none before it. How each came out is told. */
async function choose(walks: readonly Walk<BranchStep>[], deps: StepDeps): Promise<StepResult[]> {
  const results = new Map<Walk, StepResult>()
  const passedOver = new Map<Walk, JsonObject[]>()
  let left = [...walks]
  for (let index = 0; left.length > 0; index += 1) {
    const judgements = await evaluateWalks(left, ({ step }) => step.branches[index]?.conditions, deps)
    left.forEach((walk, place) => {
      const { result, explanation } = judgements[place]!
      const branch = walk.step.branches[index]
      if (branch === undefined) results.set(walk, { kind: 'fail', reason: 'has no branch to go on in' })
      else if (result) {
        const before = passedOver.get(walk)
        const shown = explanation !== null && shownAs(explanation)
        const data = { branch: branch.name, ...shown, ...(before !== undefined && { passed_over: before }) }
        results.set(walk, {
          kind: 'go_on',
          to: branch.to,
          decided: { text: `takes ${branch.name}`, data },
          state: { [walk.step.ref]: { branch: branch.name } },
        })
      } else {
        const passed = { branch: branch.name, ...shownAs(explanation) }
        passedOver.set(walk, [...(passedOver.get(walk) ?? []), passed])
      }
    })
    left = left.filter((walk) => !results.has(walk))
  }
  return walks.map((walk) => results.get(walk)!)
}

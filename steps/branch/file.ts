import { z } from 'zod'
import type { ConditionGroup } from '../../conditions/conditions.ts'
import type { BranchStep } from '../../definitions/step.ts'
import { conditions, ignored, isUnread, object, unsupported } from '../../definitions/fields.ts'
import { holding, stepFields, type ReadBranch, type ReadStep, type StepFile } from '../step-file.ts'

const MOST = 10

interface ReadBranchStep extends ReadStep {
  type: 'branch'
  name: string
  /** The default, which has no conditions, is the last. */
  branches: (ReadBranch & { name: string; conditions: ConditionGroup | null })[]
}

function schema(steps: z.ZodType<ReadStep[]>): z.ZodType<ReadBranchStep> {
  const branch = object({
    ref: ignored,
    description: ignored,
    name: z.string().nullish(),
    default: z.boolean().nullish(),
    terminates: z.boolean().nullish(),
    conditions,
    steps,
  })
  const branches = z
    .array(branch)
    .min(1, 'must have at least one branch, the default')
    .max(MOST, `has more than ${MOST} branches`)
    .superRefine(
      (list, issues) => {
        if (isUnread(issues.issues, ['conditions', 'default'])) return
        const add = (path: (string | number)[], message: string) => issues.addIssue({ code: 'custom', path, message })
        const last = list.length - 1
        const marked = list.findIndex((each) => each.default === true)
        const standard = marked === -1 && list[last]?.conditions === null ? last : marked
        if (standard === -1)
          add([], 'has no default: let the last branch have no conditions, or one say "default": true')
        list.forEach((each, index) => {
          if (index === standard && each.conditions !== null) add([index, 'conditions'], 'stand in the default branch')
          if (index === standard) return
          if (each.default === true) add([index, 'default'], 'stands twice; one branch is the default')
          else if (each.conditions === null) add([index, 'conditions'], 'are missing; only the default branch has none')
        })
      },
      { when: ({ value }) => Array.isArray(value) },
    )
  return object({ ...stepFields, conditions: unsupported, type: z.literal('branch'), branches }).transform(
    (file): ReadBranchStep => {
      const { type, ref } = file
      const placed = file.branches.map((each, place) => ({ ...each, place }))
      const ordered = placed.sort((a, b) => Number(a.conditions === null) - Number(b.conditions === null))
      const compiled = ordered.map((each) => ({
        place: each.place,
        name: each.name ? each.name : `branch ${each.place + 1}`,
        conditions: each.conditions,
        terminates: each.terminates ?? false,
        steps: each.steps,
      }))
      return { type, ref, name: file.name ?? ref, conditions: null, branches: compiled, branchesField: 'branches' }
    },
  )
}

/** A branch step as workflow.json has it. */
export const branchFile: StepFile<BranchStep, ReadBranchStep> = {
  schema,
  compile: ({ type, ref, name, branches }, { next, targets }) => {
    const compiled = branches.map((each, index) => {
      return { name: each.name, ...holding(each.conditions), to: targets[index] ?? null }
    })
    return { type, ref, name, branches: compiled, next }
  },
}

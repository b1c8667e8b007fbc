import { z } from 'zod'
import type { ConditionGroup } from '../../conditions/conditions.ts'
import { conditions, ignored, object, unsupported } from '../../definitions/fields.ts'
import { stepFields } from '../step-file.ts'

const MOST = 10

export interface BranchFile<Step> {
  /** Its place in the file. */
  place: number
  name: string
  /** Null in the default branch, which is the last. */
  conditions: ConditionGroup | null
  terminates: boolean
  steps: Step[]
}

export interface BranchStepFile<Step> {
  type: 'branch'
  ref: string
  name: string
  branches: BranchFile<Step>[]
}

/** A branch step as workflow.json has it; `steps` is the schema of the steps within. */
export function branchStepFile<Step>(steps: z.ZodType<Step[]>) {
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
    .superRefine((list, issues) => {
      const add = (path: (string | number)[], message: string) => issues.addIssue({ code: 'custom', path, message })
      const last = list.length - 1
      const marked = list.findIndex((each) => each.default === true)
      const standard = marked === -1 && list[last]?.conditions === null ? last : marked
      if (standard === -1) add([], 'has no default: let the last branch have no conditions, or one say "default": true')
      list.forEach((each, index) => {
        if (index === standard && each.conditions !== null) add([index, 'conditions'], 'stand in the default branch')
        if (index === standard) return
        if (each.default === true) add([index, 'default'], 'stands twice; one branch is the default')
        else if (each.conditions === null) add([index, 'conditions'], 'are missing; only the default branch has none')
      })
    })
  return object({ ...stepFields, conditions: unsupported, type: z.literal('branch'), branches }).transform(
    (file): BranchStepFile<Step> => {
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
      return { type, ref, name: file.name ?? ref, branches: compiled }
    },
  )
}

import { z } from 'zod'
import { parsePath } from '../../conditions/path.ts'
import type { CohortStep } from '../../definitions/step.ts'
import { ignored, isUnread, object, unsupported } from '../../definitions/fields.ts'
import { keyField } from '../key-field.ts'
import { stepFields, type ReadBranch, type ReadStep, type StepFile } from '../step-file.ts'

interface ReadCohortStep extends ReadStep {
  type: 'random_cohort'
  name: string
  cohortKey: string | null
  branches: (ReadBranch & { name: string; share: number })[]
}

/** In tenths of a percent. */
const percentage = z
  .union([z.string(), z.number()])
  .transform((given) => String(given).trim().replace(/%$/, ''))
  .refine((text) => /^\d{1,3}(\.\d)?$/.test(text), 'must be a percentage such as "33.3", with at most one decimal')
  .transform((text) => Math.round(Number(text) * 10))

function schema(steps: z.ZodType<ReadStep[]>): z.ZodType<ReadCohortStep> {
  const cohort = object({
    ref: ignored,
    description: ignored,
    name: z.string().nullish(),
    percentage,
    terminates: z.boolean().nullish(),
    steps,
  })
  const cohorts = z
    .array(cohort)
    .min(2, 'must have at least 2 cohorts')
    .max(10, 'has more than 10 cohorts')
    .superRefine(
      (list, issues) => {
        if (isUnread(issues.issues, ['percentage'])) return
        const sum = list.reduce((total, each) => total + each.percentage, 0)
        if (sum !== 1000) issues.addIssue({ code: 'custom', message: `add up to ${sum / 10} percent, not to 100` })
      },
      { when: ({ value }) => Array.isArray(value) },
    )
  return object({
    ...stepFields,
    conditions: unsupported,
    type: z.literal('random_cohort'),
    cohort_key: keyField(parsePath),
    cohort_branches: cohorts,
  }).transform(({ type, ref, name, ...file }): ReadCohortStep => {
    const branches = file.cohort_branches.map((each, place) => ({
      place,
      name: each.name ? each.name : `cohort ${place + 1}`,
      share: each.percentage,
      terminates: each.terminates ?? false,
      steps: each.steps,
    }))
    const cohortKey = file.cohort_key
    return { type, ref, name: name ?? ref, conditions: null, cohortKey, branches, branchesField: 'cohort_branches' }
  })
}

/** An experiment as workflow.json has it. */
export const cohortFile: StepFile<CohortStep, ReadCohortStep> = {
  schema,
  compile: ({ type, ref, name, cohortKey, branches }, { next, targets }) => {
    const cohorts = branches.map((each, index) => ({ name: each.name, share: each.share, to: targets[index] ?? null }))
    return { type, ref, name, cohortKey, cohorts, next }
  },
}

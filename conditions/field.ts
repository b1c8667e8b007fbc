import { z } from 'zod'
import type { ConditionsContext } from './comparison.ts'
import { compileConditions, compileMatchConditions } from './compile.ts'

/**
 * The schema of a field that holds conditions: its output is compiled, null where the field is absent, null or empty.
 * Each problem stands at its exact place, such as `steps[2].conditions.all[0].variable`.
 */
export function conditionsField(context: ConditionsContext) {
  return fieldOf((given) => compileConditions(given, context))
}

/** The same for the `match_conditions` of a wait. */
export function matchConditionsField(context: Omit<ConditionsContext, 'place'> = {}) {
  return fieldOf((given) => compileMatchConditions(given, { ...context, place: 'wait' }))
}

function fieldOf(compile: (given: unknown) => ReturnType<typeof compileConditions>) {
  return z
    .unknown()
    .optional()
    .transform((given, issues) => {
      const { conditions, problems } = compile(given)
      for (const { path, message } of problems) issues.addIssue({ code: 'custom', path, message })
      return conditions
    })
}

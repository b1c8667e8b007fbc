import type { DefinitionVersion } from './definition.ts'
import { hasLiquid } from './fields.ts'
import { problemLine } from './problem.ts'

/**
 * Of the workflows that steps of a definition trigger by a key without Liquid, those that the folder does not have, as
 * sentences: such a step fails whenever it is reached.
 */
export function unknownWorkflows({ definition }: DefinitionVersion, known: readonly string[]): string[] {
  return definition.steps.flatMap((step) => {
    if (step.type !== 'trigger_workflow' || hasLiquid(step.workflowKey) || known.includes(step.workflowKey.trim()))
      return []
    const place = { file: `${definition.key}/workflow.json`, step: step.ref, field: 'settings.workflow_key' }
    return [problemLine({ ...place, message: `there is no workflow ${step.workflowKey}: the step fails` })]
  })
}

import type { DefinitionVersion } from './definition.ts'
import { hasLiquid } from './fields.ts'
import { problemLine } from './problem.ts'
import type { Step } from './step.ts'

/**
 * Of the workflows that steps of a definition trigger, by a key without Liquid, or wait for, those that the folder does not
 * have, as sentences: the former fail whenever they are reached, the latter wait in vain.
 */
export function unknownWorkflows({ definition }: DefinitionVersion, known: readonly string[]): string[] {
  return definition.steps.flatMap((step) => {
    const named = namedBy(step)
    if (named === null || known.includes(named.key)) return []
    const place = { file: `${definition.key}/workflow.json`, step: step.ref, field: named.field }
    return [problemLine({ ...place, message: `there is no workflow ${named.key}: ${named.so}` })]
  })
}

function namedBy(step: Step): { key: string; field: string; so: string } | null {
  if (step.type === 'trigger_workflow') {
    if (hasLiquid(step.workflowKey)) return null
    return { key: step.workflowKey.trim(), field: 'settings.workflow_key', so: 'the step fails' }
  }
  if (step.type !== 'wait_for_event' || step.source === null) return null
  return { key: step.source, field: 'settings.event.source_key', so: 'nothing comes' }
}

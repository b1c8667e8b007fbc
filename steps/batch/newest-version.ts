import type { BatchStep } from '../../definitions/step.ts'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { loadNewest } from '../../store/catalog/newest-versions.ts'
import type { Database } from '../../store/postgres/database.ts'
import type { Walk } from '../kind.ts'

/**
 * The version in which each walk goes on whose batch is in `latest` mode: the newest that still has the step in that mode.
 * Who goes on in the version it walks in is left out.
 */
export async function newestVersions(
  walks: readonly Walk<BatchStep>[],
  db: Database,
): Promise<Map<Walk, DefinitionVersion & { stepIndex: number }>> {
  const latest = walks.filter(({ step }) => step.versionMode === 'latest')
  const found = new Map<Walk, DefinitionVersion & { stepIndex: number }>()
  if (latest.length === 0) return found
  const versions = await loadNewest(db, [...new Set(latest.map(({ definition }) => definition.key))])
  for (const walk of latest) {
    for (const version of versions.get(walk.definition.key) ?? []) {
      const { steps } = version.definition
      const stepIndex = steps.findIndex(({ ref }) => ref === walk.step.ref)
      const step = steps[stepIndex]
      if (step?.type !== 'batch' || step.versionMode !== 'latest') continue
      if (version.hash !== (walk.row.definitionHash ?? walk.trigger.definitionHash))
        found.set(walk, { ...version, stepIndex })
      break
    }
  }
  return found
}

import type { DefinitionVersion } from '../definitions/definition.ts'
import { problemPlace } from '../definitions/problem.ts'
import { definitionKnown } from '../store/catalog/definitions.ts'
import { workflowIdOf } from '../store/ids/workflow-id.ts'
import type { EngineDeps } from './deps.ts'
import { EngineError } from './errors.ts'

/** A run as its callers know it. */
export interface RunAddress {
  workflowId: string
  definition: string
  cancelationKey: string | null
}

/** The run under a key of a definition. */
export function addressOf(definition: string, cancelationKey: string): RunAddress {
  return { workflowId: workflowIdOf(definition, { cancelationKey }), definition, cancelationKey }
}

/**
 * The key, if any version of the definition ever was: one that was removed keeps its sleepers, and they can be canceled.
 * Throws `workflow_missing`.
 */
export async function knownDefinition(
  { catalog, store }: Pick<EngineDeps, 'catalog' | 'store'>,
  key: string,
): Promise<string> {
  if (catalog.definitions.has(key) || catalog.leftOut?.has(key) === true || (await definitionKnown(store.db, key)))
    return key
  throw new EngineError('workflow_missing', { message: `No workflow has the key ${key}` })
}

const MOST_REASONS = 100

/** The version of a definition that takes triggers. Throws `workflow_missing`, `workflow_inactive` and `workflow_invalid`. */
export function activeVersion({ catalog }: Pick<EngineDeps, 'catalog'>, key: string): DefinitionVersion {
  const version = catalog.definitions.get(key)
  const reasons = catalog.leftOut?.get(key)
  if (reasons !== undefined) {
    const fields = reasons.slice(0, MOST_REASONS).map((reason) => {
      const { message, ...place } = reason
      return { field: problemPlace(place), message, type: 'invalid' }
    })
    throw new EngineError('workflow_invalid', { fields })
  }
  if (version === undefined) throw new EngineError('workflow_missing', { message: `No workflow has the key ${key}` })
  if (!version.definition.active) throw new EngineError('workflow_inactive')
  return version
}

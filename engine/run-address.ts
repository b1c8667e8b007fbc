import type { DefinitionVersion } from '../definitions/definition.ts'
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
  if (catalog.definitions.has(key) || (await definitionKnown(store.db, key))) return key
  throw new EngineError('workflow_missing', { message: `No workflow has the key ${key}` })
}

/** The version of a definition that takes triggers. Throws `workflow_missing` and `workflow_inactive`. */
export function activeVersion({ catalog }: Pick<EngineDeps, 'catalog'>, key: string): DefinitionVersion {
  const version = catalog.definitions.get(key)
  if (version === undefined) throw new EngineError('workflow_missing', { message: `No workflow has the key ${key}` })
  if (!version.definition.active) throw new EngineError('workflow_inactive')
  return version
}

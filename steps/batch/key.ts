import { createHash } from 'node:crypto'
import type { BatchStep } from '../../definitions/step.ts'
import { keyOf } from '../key-of.ts'
import type { Walk } from '../kind.ts'

/**
 * What keeps batches of one recipient apart: the batch key's value, the definition, and, pinned, its version, or else the
 * step. A key of which nothing is there is a key, too. What is only tried out in the sandbox is never mixed with the rest.
 */
export function batchKeyOf({ step, scope, definition, row, trigger }: Walk<BatchStep>): string | { problem: string } {
  const given = step.batchKey === null ? { key: '' } : keyOf('batch_key', step.batchKey, scope)
  if ('problem' in given && given.isMissing !== true) return { problem: given.problem }
  const within =
    step.versionMode === 'pinned' ? { version: row.definitionHash ?? trigger.definitionHash } : { step: step.ref }
  const parts = [definition.key, within, trigger.sandboxMode, 'key' in given ? given.key : '']
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

import type { CancelRequest } from './signals.ts'
import { isRecord } from './readable.ts'

const FIELDS = new Set(['recipients', 'workflow_run_id', 'reason'])

/** A cancel as somebody typed it into a console; null if it cannot be read: a typo must not cancel everyone. */
export function readCancelRequest(message: unknown): CancelRequest | null {
  if (message === undefined || message === null) return {}
  if (!isRecord(message) || Object.keys(message).some((key) => !FIELDS.has(key))) return null
  const { recipients, workflow_run_id: triggerId, reason } = message
  if (!isOptional(triggerId, isText) || !isOptional(reason, isText)) return null
  const named = (list: unknown): boolean => Array.isArray(list) && list.length > 0 && list.every(isReference)
  return isOptional(recipients, named) ? message : null
}

function isReference(value: unknown): boolean {
  return isText(value) || (isRecord(value) && isText(value['collection']) && isText(value['id']))
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || is(value)
}

/** The store takes no U+0000: its activity would be tried for ever, and the run wait for it. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0')
}

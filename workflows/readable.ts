import type { RemovedMessage, Sleepers, TriggerMessage } from './messages.ts'

/**
 * Signals of the api's as they must look. Anybody may send one by hand, and a handler that throws would fail the run's
 * task for ever: what cannot be read is ignored.
 */
const MOST_ROWS = 100_000

export function areTriggers(value: unknown): value is TriggerMessage[] {
  return Array.isArray(value) && value.every(isTrigger)
}

export function areSleepers(value: unknown): value is Sleepers[] {
  return Array.isArray(value) && value.every(isSleepers)
}

export function isRemoved(value: unknown): value is RemovedMessage {
  return isRecord(value) && areRanges(value['rows'])
}

function isTrigger(value: unknown): boolean {
  return isRecord(value) && typeof value['workflowRunId'] === 'string' && areSleepers(value['sleepers'])
}

function isSleepers(value: unknown): boolean {
  if (!isRecord(value) || typeof value['step'] !== 'string') return false
  const { due, revision, rows, names } = value
  return (
    Number.isFinite(due) &&
    Number.isSafeInteger(revision) &&
    areRanges(rows) &&
    (names === undefined || Array.isArray(names))
  )
}

function areRanges(value: unknown): boolean {
  return Array.isArray(value) && value.every(isRange)
}

function isRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [first, last] = value as unknown[]
  return Number.isSafeInteger(first) && Number.isSafeInteger(last) && Number(last) - Number(first) < MOST_ROWS
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

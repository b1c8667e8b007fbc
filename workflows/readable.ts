import type { Carried, RunInput } from './run-input.ts'
import type { MoveMessage, RemovedMessage, TriggersMessage } from './signals.ts'
import type { StoreIdentity } from './store-identity.ts'

/**
 * What the api's signals and inputs must look like. Anybody may send one by hand, and a handler that throws would fail the
 * run's task for ever: what cannot be read is ignored.
 */
const MOST_ROWS = 1_000_000
/** The last instant a Date can hold. */
const LAST_INSTANT = 8.64e15

/** Whether anybody’s value can be read as the signal `trigger`. */
export function isTriggers(value: unknown): value is TriggersMessage {
  return isRecord(value) && isStore(value['store']) && areTriggers(value['triggers'])
}

/** Whether anybody’s value can be read as the signal `move`. */
export function isMove(value: unknown): value is MoveMessage {
  if (!isRecord(value) || !isStore(value['store'])) return false
  const { sleepers, reload } = value
  return areSleepers(sleepers) && (reload === undefined || typeof reload === 'boolean')
}

/** Whether anybody’s value can be read as what a cancel removed. */
export function isRemoved(value: unknown): value is RemovedMessage {
  if (!isRecord(value) || !isStore(value['store'])) return false
  const { removed, recipients, by, reason } = value
  const texts = recipients === undefined || (Array.isArray(recipients) && recipients.every(isText))
  return areLanes(removed) && texts && (by === undefined || isText(by)) && (reason === undefined || isText(reason))
}

/** Whether anybody’s value can be read as what a run begins with. */
export function isRunInput(value: unknown): value is RunInput {
  if (!isRecord(value) || !isStore(value['store']) || !isText(value['definition'])) return false
  const { cancelationKey, triggers, carried } = value
  return (
    (cancelationKey === null || isText(cancelationKey)) &&
    (triggers === undefined || areTriggers(triggers)) &&
    (carried === undefined || isCarried(carried))
  )
}

function isCarried(value: unknown): value is Carried {
  if (!isRecord(value) || !isRecord(value['counts']) || !Number.isSafeInteger(value['newest'])) return false
  const { counts, triggers } = value
  return (
    ['sent', 'canceled', 'skipped', 'failed'].every((key) => Number.isSafeInteger(counts[key])) &&
    Array.isArray(triggers) &&
    triggers.every(isText)
  )
}

function isStore(value: unknown): value is StoreIdentity {
  return isRecord(value) && isText(value['id']) && Number.isSafeInteger(value['epoch'])
}

function areTriggers(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  return value.every((each) => isRecord(each) && isText(each['workflowRunId']) && areSleepers(each['sleepers']))
}

function areSleepers(value: unknown): boolean {
  if (!Array.isArray(value) || !value.every(isSleepers)) return false
  return areBounded(value.flatMap((group: { rows: [number, number][] }) => group.rows))
}

function isSleepers(value: unknown): boolean {
  if (!isRecord(value) || !isLane(value['lane']) || !isText(value['step'])) return false
  const { due, revision, rows, names, tries, why } = value
  return (
    typeof due === 'number' &&
    Math.abs(due) <= LAST_INSTANT &&
    Number.isSafeInteger(revision) &&
    areRanges(rows) &&
    (tries === undefined || Number.isSafeInteger(tries)) &&
    (why === undefined || isText(why)) &&
    (names === undefined || (Array.isArray(names) && names.every(isText)))
  )
}

function areLanes(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const each = value.every((entry) => isRecord(entry) && isLane(entry['lane']) && areRanges(entry['rows']))
  return each && areBounded(value.flatMap((entry: { rows: [number, number][] }) => entry.rows))
}

function isLane(value: unknown): boolean {
  return typeof value === 'string' && /^(run|[a-z_]{1,40}\/(\d{1,4}|act))$/.test(value)
}

function areRanges(value: unknown): boolean {
  return Array.isArray(value) && value.every(isRange)
}

function isRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [first, last] = value as unknown[]
  return (
    Number.isSafeInteger(first) && Number.isSafeInteger(last) && Number(first) >= 0 && Number(first) <= Number(last)
  )
}

/** No more rows together than a run may ever hold. */
function areBounded(ranges: [number, number][]): boolean {
  let rows = 0
  for (const [first, last] of ranges) rows += last - first + 1
  return rows <= MOST_ROWS
}

/** Whether it is an object, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

import type { PendingSignal } from '../store/signals/pending-signals.ts'
import type { Lane } from '../workflows/lane-name.ts'
import type { Range } from '../workflows/ranges.ts'
import type { RemovedMessage } from '../workflows/signals.ts'
import type { Sleepers } from '../workflows/sleepers.ts'

/** A signal holds 2 MB: what goes into one is kept well below. */
export const SIGNAL_BYTES = 1_000_000
/** What a group of sleepers, a range and a recipient's name take as JSON, at most or about. */
const GROUP_BYTES = 120
const RANGE_BYTES = 40

export interface Waiting {
  signal: PendingSignal
  done: () => void
}

/** The longest beginning of the queue that goes in one signal: of one kind, within its bytes, at least one. */
export function takeBatch(queue: Waiting[]): Waiting[] {
  const { kind } = queue[0]!.signal
  let bytes = 0
  let count = 0
  for (const { signal } of queue) {
    bytes += bytesOf(signal)
    if (signal.kind !== kind || (count > 0 && bytes > SIGNAL_BYTES)) break
    count += 1
  }
  return queue.splice(0, count)
}

/** What a signal takes in one message, about. */
export function bytesOf(signal: PendingSignal): number {
  if (signal.kind === 'trigger') return 60 + sleepersBytes(signal.message.sleepers)
  if (signal.kind === 'move') return sleepersBytes(signal.groups)
  const { removed, recipients = [] } = signal.message
  const ranges = removed.reduce((sum, { rows }) => sum + rows.length, 0)
  return GROUP_BYTES * removed.length + RANGE_BYTES * ranges + namesBytes(recipients)
}

function sleepersBytes(groups: readonly Sleepers[]): number {
  return groups.reduce(
    (sum, { rows, names = [] }) => sum + GROUP_BYTES + RANGE_BYTES * rows.length + namesBytes(names),
    0,
  )
}

/** UTF-8 takes at most three bytes for a UTF-16 unit. */
function namesBytes(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + 3 * name.length + 3, 0)
}

/** Several cancels as one: rows by lane; names, and who asked, only where all of them say the same. */
export function merged(signals: readonly PendingSignal[]): Omit<RemovedMessage, 'store'> {
  const messages = signals.flatMap((signal) => (signal.kind === 'cancel' ? [signal.message] : []))
  const lanes = new Map<Lane, Range[]>()
  for (const { lane, rows } of messages.flatMap(({ removed }) => removed)) {
    lanes.set(lane, [...(lanes.get(lane) ?? []), ...rows])
  }
  const removed = [...lanes].map(([lane, rows]) => ({ lane, rows }))
  const [first] = messages
  const { by, reason } = first ?? {}
  const same = messages.every((message) => message.by === by && message.reason === reason)
  const named = messages.every(({ recipients }) => recipients !== undefined)
  return {
    removed,
    ...(named && { recipients: messages.flatMap(({ recipients = [] }) => recipients) }),
    ...(same && by !== undefined && { by }),
    ...(same && reason !== undefined && { reason }),
  }
}

/** What the moves among these signals say, in their order. */
export function movesOf(signals: readonly PendingSignal[]): Sleepers[] {
  return signals.flatMap((signal) => (signal.kind === 'move' ? signal.groups : []))
}

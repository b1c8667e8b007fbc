import type { PendingSignal } from '../store/signals/pending-signals.ts'
import type { RemovedMessage, Sleepers } from '../workflows/messages.ts'

/** A signal holds 2 MB: this many groups of sleepers are about half. */
const GROUPS_A_SIGNAL = 10_000

export interface Waiting {
  signal: PendingSignal
  done: () => void
}

/** The longest beginning of the queue that goes in one signal. */
export function takeBatch(queue: Waiting[]): Waiting[] {
  const { kind } = queue[0]!.signal
  let groups = 0
  let count = 0
  for (const { signal } of queue) {
    groups += sizeOf(signal)
    if (signal.kind !== kind || (count > 0 && groups > GROUPS_A_SIGNAL)) break
    count += 1
  }
  return queue.splice(0, count)
}

function sizeOf(signal: PendingSignal): number {
  if (signal.kind === 'trigger') return 1 + signal.message.sleepers.length
  return signal.kind === 'cancel' ? signal.message.rows.length : signal.groups.length
}

export function merged(signals: PendingSignal[]): RemovedMessage {
  const messages = signals.flatMap((signal) => (signal.kind === 'cancel' ? [signal.message] : []))
  const rows = messages.flatMap((message) => message.rows)
  if (messages.some((message) => message.recipients === undefined)) return { rows }
  return { rows, recipients: messages.flatMap((message) => message.recipients ?? []) }
}

export function movesOf(signals: PendingSignal[]): Sleepers[] {
  return signals.flatMap((signal) => (signal.kind === 'move' ? signal.groups : []))
}

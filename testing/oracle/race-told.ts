import assert from 'node:assert/strict'
import type { RowSeen } from './record.ts'
import { RUN_LANE, type Lane } from '../../workflows/lane-name.ts'
import { idsOf, type Range } from '../../workflows/ranges.ts'
import { messageLane } from '../../store/ids/lane.ts'
import type { PendingSignal } from '../../store/signals/pending-signals.ts'

/** The run is told once of each row and message that a cancel took out of its sleep, and of nothing else. */
export function holdCancelSignals(signals: readonly PendingSignal[], rows: readonly RowSeen[]): void {
  const told = signals.flatMap((signal) => (signal.kind === 'cancel' ? eachOf(signal.message.removed) : []))
  const taken = rows.flatMap(({ id, status, messages }) => [
    ...(status === 'canceled' ? [`${RUN_LANE} ${id}`] : []),
    ...messages
      .filter((message) => message.canceling && message.status === 'not_sent')
      .map(({ channelType, number }) => `${messageLane(channelType, number)} ${id}`),
  ])
  assert.equal(new Set(told).size, told.length, 'told twice of one')
  // What may have arrived and waited for another try is taken out, too, and ends as attempted.
  const cutShort = rows.flatMap(({ id, messages }) =>
    messages
      .filter((message) => message.canceling && message.status === 'delivery_attempted' && message.mayHaveBeenSent)
      .map(({ channelType, number }) => `${messageLane(channelType, number)} ${id}`),
  )
  // A try under way that a cancel marked may have ended as not sent by itself: the run hears of it from its activity.
  const known = new Set([...taken, ...cutShort])
  assert.deepEqual(
    told.filter((each) => !known.has(each)),
    [],
    'told of one that was not taken out',
  )
  const canceled = taken.filter((each) => each.startsWith(RUN_LANE))
  assert.deepEqual(
    canceled.filter((each) => !told.includes(each)),
    [],
    'not told of one that was taken out',
  )
}

function eachOf(lanes: readonly { lane: Lane; rows: Range[] }[]): string[] {
  return lanes.flatMap(({ lane, rows }) => idsOf(rows).map((id) => `${lane} ${id}`))
}

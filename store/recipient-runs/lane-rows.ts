import type { Lane } from '../../workflows/lane-name.ts'
import { toRanges, type Range } from '../../workflows/ranges.ts'
import { messageLane } from '../ids/lane.ts'
import type { LockedMessage } from '../messages/lock-messages.ts'
import type { LockedRow } from './lock-recipient-runs.ts'

/** What a run is to be told of a cancel, or of a move: rows by lane. */
export interface LaneRows {
  lane: Lane
  rows: Range[]
}

/** What slept in the run, by lane. */
export function lanesOf(rows: readonly LockedRow[], messages: readonly LockedMessage[]): LaneRows[] {
  const lanes = new Map<Lane, number[]>()
  const add = (lane: Lane, id: number) => {
    const same = lanes.get(lane)
    if (same === undefined) lanes.set(lane, [id])
    else same.push(id)
  }
  for (const row of rows) add(row.lane, row.id)
  for (const { channelType, number, recipientRunId } of messages) add(messageLane(channelType, number), recipientRunId)
  return [...lanes].map(([lane, rowIds]) => ({ lane, rows: toRanges(rowIds) }))
}

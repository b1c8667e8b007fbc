import { recordEvents, type Outbox, type OutboxEvent } from '../../events/outbox.ts'
import { countMessage } from '../../metrics/counted.ts'
import type { LockedMessage } from '../messages/lock-messages.ts'
import { onCommit, type Database } from '../postgres/database.ts'
import { offerEnds } from '../waits/offer-events.ts'
import { lanesOf, type LaneRows } from './lane-rows.ts'
import type { LockedRow } from './lock-recipient-runs.ts'
import { runsOf, signalOtherRuns } from './signal-other-runs.ts'
import { NAMED } from './sleepers.ts'
import type { Judgement } from './verdict.ts'
import { CUT_SHORT, writeMarks } from './write-marks.ts'

/** Who asked for a cancel, why, and when: for the record; nothing is decided by it. */
export interface CancelOrigin {
  apiKey: string
  reason: string | null
  /** Epoch milliseconds. */
  now: number
}

/** Tells the run what has gone; null when nothing of it slept there. `recipients` only where there are few. */
export interface CancelSignal {
  id: number
  removed: LaneRows[]
  recipients?: string[]
  by: string
  reason?: string
}

/** Marks rows and messages, and leaves a signal for those that slept; what is claimed ends when its claim settles. */
export async function markCanceled(
  tx: Database,
  judged: ReadonlyMap<LockedRow, Judgement>,
  request: CancelOrigin,
  outbox: Outbox,
): Promise<CancelSignal | null> {
  const rows = [...judged].filter(([, { marksRow }]) => marksRow).map(([row]) => row)
  const judgements = [...judged.values()]
  const takenBack = distinct(judgements.flatMap((judgement) => judgement.takenBack))
  const cutShort = distinct(judgements.flatMap((judgement) => judgement.cutShort))
  const marked = distinct(judgements.flatMap((judgement) => judgement.marked))
  const left = distinct(judgements.flatMap((judgement) => judgement.left))
  onCommit(tx, () => {
    for (const { channelType } of takenBack) countMessage(channelType, 'canceled')
    for (const { channelType } of cutShort) countMessage(channelType, 'delivery_attempted')
  })
  const runId = [...judged.keys()][0]?.runId
  if (runId === undefined || rows.length + takenBack.length + cutShort.length + marked.length === 0) return null
  const runOf = runsOf([...judged.keys()])
  const isElsewhere = ({ recipientRunId }: LockedMessage) => (runOf.get(recipientRunId) ?? runId) !== runId
  // Who is in a batch is asleep in no run, but for its carrier, who sleeps on.
  const asleep = rows.filter(({ status, batch }) => status === 'waiting' && batch === null)
  const removed = lanesOf(
    asleep,
    [...takenBack, ...cutShort].filter((message) => !isElsewhere(message)),
  )
  const written = await writeMarks(tx, { runId, rows, takenBack, cutShort, marked, left, removed }, request)
  await signalOtherRuns(tx, [...takenBack, ...cutShort].filter(isElsewhere), runOf, request)
  // Who carries a batch on is not over yet, and is not offered: that is for when its walk ends.
  const over = rows.filter(({ status }) => status === 'waiting').map(({ id }) => id)
  await offerEnds(tx, over, request.now, outbox)
  await recordEvents(tx, outbox, request.now, () => cancelEvents(rows.filter(isCanceledNow), takenBack, cutShort))
  if (written === null) return null
  const recipients = [
    ...new Set([...judged].flatMap(([row, { outcome }]) => (outcome === 'canceled' ? [row.recipient] : []))),
  ]
  return {
    id: written,
    removed,
    by: request.apiKey,
    ...(request.reason !== null && { reason: request.reason }),
    ...(recipients.length <= NAMED && { recipients }),
  }
}

/** A row that a step acts for is told of when its claim settles: only then is it known what became of it. */
function isCanceledNow({ status, batch }: LockedRow): boolean {
  return status === 'waiting' || (status === 'claimed' && batch !== null)
}

/** A message of a batch is found with each of its activities. */
function distinct(messages: readonly LockedMessage[]): LockedMessage[] {
  return [...new Map(messages.map((message) => [`${message.recipientRunId}/${message.number}`, message])).values()]
}

function cancelEvents(
  gone: readonly LockedRow[],
  takenBack: readonly LockedMessage[],
  cutShort: readonly LockedMessage[],
): OutboxEvent[] {
  return [
    ...takenBack.map(({ recipientRunId, number }): OutboxEvent => {
      return { type: 'message.not_sent', recipientRunId, number, data: { failure_reason: 'canceled' } }
    }),
    ...cutShort.map(({ recipientRunId, number }): OutboxEvent => {
      const data = { retryable: false, failure_reason: CUT_SHORT }
      return { type: 'message.delivery_attempted', recipientRunId, number, data }
    }),
    ...gone.map(({ id }): OutboxEvent => ({ type: 'workflow_recipient_run.cancelled', recipientRunId: id })),
  ]
}

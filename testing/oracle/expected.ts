import type { Move, MoveOutcome } from '../../store/recipient-runs/move.ts'
import type { Outcome } from '../../store/recipient-runs/verdict.ts'
import { isReached, type MessageSeen, type RowSeen } from './record.ts'

const isQueued = ({ status, claim, canceling }: MessageSeen) => status === 'queued' && claim === null && !canceling
const isClaimed = ({ status, claim }: MessageSeen) => status === 'queued' && claim !== null
const isBeingSent = (message: MessageSeen) => isClaimed(message) && !message.canceling
const hasMark = (row: RowSeen) => row.canceling || row.messages.some(({ canceling }) => canceling)
const isUncertain = (message: MessageSeen) => isQueued(message) && message.mayHaveBeenSent
const numbersOf = (messages: MessageSeen[]) => messages.map(({ number }) => number)

/** The one word: it is not canceled, and it waits, or a message of it is to be sent or being sent. */
export function isPending({ status, canceling, messages }: RowSeen): boolean {
  if (canceling) return false
  return status === 'waiting' || messages.some((message) => message.status === 'queued' && !message.canceling)
}

/** What an answer says of one recipient run. Messages are named by their numbers. */
export interface Said<Of extends string> {
  outcome: Of
  reached: number[]
  inFlight: number[]
  takenBack: number[]
}

/** What a cancel is to answer of a row that it finds so, by the design's words alone. */
export function expectedCancel(row: RowSeen): Said<Outcome> {
  const takenBack = numbersOf(row.messages.filter((message) => isQueued(message) && !message.mayHaveBeenSent))
  const inFlight = numbersOf(row.messages.filter(isClaimed))
  const reached = numbersOf(row.messages.filter((message) => isReached(message) || isUncertain(message)))
  const outcome = (): Outcome => {
    if (row.status === 'waiting' || row.messages.some(isQueued)) return 'canceled'
    if (row.messages.some(isBeingSent)) return 'sending'
    if (hasMark(row)) return 'already_canceled'
    return reached.length > 0 ? 'already_sent' : 'ended'
  }
  return { outcome: outcome(), reached, inFlight, takenBack }
}

/** What sleeps in a row, and is moved: its walk, and numbers of messages. */
export function movedOf(row: RowSeen, to: Move['to']): { walk: boolean; messages: number[] } {
  const walk = row.status === 'waiting' && row.phase === 'wait' && row.due !== null
  const asleep = row.messages.filter(
    (message) => isQueued(message) && (message.attempt > 0 || message.due! > message.at),
  )
  return { walk, messages: walk && to === 'rescheduled' ? [] : numbersOf(asleep) }
}

/** What a move is to answer of a row that it finds so. */
export function expectedMove(row: RowSeen, to: Move['to']): Said<MoveOutcome> {
  const { walk, messages } = movedOf(row, to)
  const reached = numbersOf(row.messages.filter((message) => isReached(message) || isUncertain(message)))
  const outcome = (): MoveOutcome => {
    if (walk || messages.length > 0) return to
    if (row.status === 'canceled') return 'already_canceled'
    if (row.status === 'waiting') return 'not_sleeping'
    if (row.messages.some(isBeingSent)) return 'sending'
    if (hasMark(row)) return 'already_canceled'
    if (row.messages.some(isQueued)) return 'not_sleeping'
    return reached.length > 0 ? 'already_sent' : 'ended'
  }
  return { outcome: outcome(), reached, inFlight: numbersOf(row.messages.filter(isClaimed)), takenBack: [] }
}

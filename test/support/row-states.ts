import type { DefinitionVersion } from '../../definitions/definition.ts'
import type { Database } from '../../store/database.ts'
import type { MoveOutcome } from '../../store/move.ts'
import { settle, type Settlement } from '../../store/settle.ts'
import type { Acceptance } from '../../store/trigger-rows.ts'
import type { Outcome } from '../../store/verdict.ts'
import { cancel, claimRow, deliver, delivered, holder, rowNow, toRetry } from './recipient-runs.ts'
import { testVersion } from './versions.ts'

export const invite = testVersion('invite', ['feed', 'feed_again', 'mail'])
/** Two delays in a row: asleep in the first, a row stands at the second. */
export const sleeper = testVersion('sleeper', ['wait_long', 'wait', 'feed'])
const version = invite
const DUE = Date.parse('2030-01-01T00:00:00Z')

interface Found {
  /** What a cancel answers, and again. */
  outcome: Outcome
  again: Outcome
  /** What a move answers; `moved` is `rescheduled` or `sent_now`. */
  move: 'moved' | Exclude<MoveOutcome, 'rescheduled' | 'sent_now'>
  /** Steps of which the verdict names a message. */
  sent: number[]
  inFlight: string | null
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  reason?: string
}

export interface RowState extends Found {
  /** Of `invite` unless another is given. */
  version?: DefinitionVersion
  /** How the trigger was accepted. */
  accepted?: Partial<Acceptance>
  bring: (db: Database, id: number, key: string) => Promise<unknown>
}

const beginsAt = (step: number): Partial<Acceptance> => ({
  recipients: [{ key: 'ada', triggerData: null, step, due: DUE }],
})

const canceledWhileClaimed = async (db: Database, id: number, key: string, sent: number) => {
  await deliver(db, version, id, sent)
  await claimRow(db, version, id)
  await cancel(db, version, key)
}
const endedWith = async (db: Database, id: number, given: Partial<Settlement>) =>
  settle(db, [delivered(version, await rowNow(db, id), { status: 'ended', step: 0, ...given })], null, 0)

/** Standing at a step of `sleeper`. */
function asleep(step: number): RowState {
  return {
    version: sleeper,
    accepted: beginsAt(step),
    bring: () => Promise.resolve(),
    move: 'moved',
    outcome: 'canceled',
    again: 'already_canceled',
    sent: [],
    inFlight: null,
    status: 'canceled',
  }
}

/** Every state in which a recipient run, of ada, can be found. */
export const rowStates: Record<string, RowState> = {
  'ready for its first step': {
    bring: () => Promise.resolve(),
    move: 'not_sleeping',
    outcome: 'canceled',
    again: 'already_canceled',
    sent: [],
    inFlight: null,
    status: 'canceled',
  },
  'ready after a message': {
    bring: (db, id) => deliver(db, version, id),
    move: 'not_sleeping',
    outcome: 'canceled',
    again: 'already_canceled',
    sent: [0],
    inFlight: null,
    status: 'canceled',
  },
  'ready for its last step': {
    bring: (db, id) => deliver(db, version, id, 2),
    move: 'not_sleeping',
    outcome: 'canceled',
    again: 'already_canceled',
    sent: [0, 1],
    inFlight: null,
    status: 'canceled',
  },
  'in backoff': {
    async bring(db, id) {
      await claimRow(db, version, id)
      await settle(db, [toRetry(version, await rowNow(db, id))], holder(), 0)
    },
    move: 'moved',
    outcome: 'canceled',
    again: 'already_canceled',
    sent: [],
    inFlight: null,
    status: 'canceled',
  },
  'claimed, with steps to come': {
    bring: (db, id) => claimRow(db, version, id),
    move: 'not_sleeping',
    outcome: 'canceled',
    again: 'already_canceled',
    sent: [],
    inFlight: 'feed',
    status: 'claimed',
  },
  'claimed at its last step': {
    async bring(db, id) {
      await deliver(db, version, id, 2)
      await claimRow(db, version, id)
    },
    move: 'sending',
    outcome: 'sending',
    again: 'sending',
    sent: [0, 1],
    inFlight: 'mail',
    status: 'claimed',
  },
  'claimed, and canceled since': {
    bring: (db, id, key) => canceledWhileClaimed(db, id, key, 1),
    move: 'already_canceled',
    outcome: 'already_canceled',
    again: 'already_canceled',
    sent: [0],
    inFlight: 'feed_again',
    status: 'claimed',
  },
  'claimed at its last step, and canceled since': {
    bring: (db, id, key) => canceledWhileClaimed(db, id, key, 2),
    move: 'sending',
    outcome: 'sending',
    again: 'sending',
    sent: [0, 1],
    inFlight: 'mail',
    status: 'claimed',
  },
  'through, with messages': {
    bring: (db, id) => deliver(db, version, id, 3),
    move: 'already_sent',
    outcome: 'already_sent',
    again: 'already_sent',
    sent: [0, 1, 2],
    inFlight: null,
    status: 'ended',
  },
  'through, without one': {
    bring: (db, id) => endedWith(db, id, { sent: 0, reason: 'no address', message: undefined }),
    move: 'ended',
    outcome: 'ended',
    again: 'ended',
    sent: [],
    inFlight: null,
    status: 'ended',
    reason: 'no address',
  },
  'halted after a message': {
    async bring(db, id) {
      await deliver(db, version, id)
      await endedWith(db, id, { sent: 0, errors: 1, reason: 'bad template', message: undefined })
    },
    move: 'already_sent',
    outcome: 'already_sent',
    again: 'already_sent',
    sent: [0],
    inFlight: null,
    status: 'ended',
  },
  'canceled before its first step': {
    bring: (db, _id, key) => cancel(db, version, key),
    move: 'already_canceled',
    outcome: 'already_canceled',
    again: 'already_canceled',
    sent: [],
    inFlight: null,
    status: 'canceled',
  },
  'asleep in a delay': asleep(2),
  'asleep in a delay that another one follows': asleep(1),
  'at a first delay that is still to be planned': { ...asleep(0), move: 'not_sleeping' },
  'ready after a delay that was skipped': {
    ...asleep(2),
    accepted: { ...beginsAt(2), skipDelay: true },
    move: 'not_sleeping',
  },
}

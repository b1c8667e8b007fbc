import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { readCancelRequest } from './cancel-request.ts'
import { Inspection, TRIGGERS_SHOWN, viewOf } from './inspection.ts'
import { isActLane, RUN_LANE, type Lane } from './lane-name.ts'
import type { RunInput } from './run-input.ts'
import { stateQuery, type Counts } from './run-view.ts'
import { cancelSignal, moveSignal, triggerSignal, type CancelRequest, type TriggerMessage } from './signals.ts'
import type { StoreIdentity } from './store-identity.ts'
import { isMove, isRemoved, isRunInput, isTriggers } from './readable.ts'
import { RunState } from './run-state.ts'
import { StoreTime } from './store-time.ts'
import { Timers } from './timers.ts'
import { wantedTimers } from './wanted-timers.ts'
import { Work, type Request } from './work.ts'

/** A chunk is one transaction of an in-app channel: long enough to be worth it, short enough to be tried again. */
const CHUNK = 500
/** Chunks under way in one run: of walks, and of the messages of each channel type, so that a slow provider holds up nobody else. */
const WALKS_IN_FLIGHT = 8
const SENDS_IN_FLIGHT = 4

const NOTHING: Counts = { sent: 0, canceled: 0, skipped: 0, failed: 0 }

/**
 * Everything pending under one (definition, cancelation_key). Its ID is made of both; a trigger starts it, or joins
 * by signal; cancels and moves signal it, and it ends when nothing is pending. Sleepers are records in `state`, a window
 * over the store; handlers only change that, and one loop acts on it. A crash loses nothing: Temporal replays the state,
 * and the store refuses whatever was sent or canceled meanwhile.
 */
export async function notificationRun(input: RunInput): Promise<Counts> {
  if (!isRunInput(input) || !areHeard(sleepersOf(input.triggers ?? []))) {
    log.warn('this run was started by hand, with an input that cannot be read: it ends')
    return NOTHING
  }
  const { triggers, carried, ...named } = input
  let store: StoreIdentity = input.store
  const state = new RunState(carried, triggers !== undefined && carried === undefined)
  const requests: Request[] = []
  const time = new StoreTime()
  let changed = true
  const hasChanged = () => changed
  const wake = () => {
    changed = true
  }
  const timers = new Timers(wake)
  const inspection = new Inspection(named)
  const work = new Work({ state, time, wake, inspection, store: () => store })

  /** False for a message of another deployment's store. A restored store has a higher epoch: its run reads everything again. */
  const isOurs = (given: StoreIdentity): boolean => {
    if (given.id !== store.id) {
      log.warn('signal ignored: it is of another store; give each deployment a namespace of its own', {
        store: given.id,
      })
      return false
    }
    if (given.epoch > store.epoch) {
      store = given
      state.restored()
    }
    return true
  }
  /** Means whoever the run was told of by now; before it has read the store, whoever it finds there. */
  const asked = (request: CancelRequest): Request => ({ request, upTo: state.window.hasBegun ? state.newest : null })
  const add = (messages: readonly TriggerMessage[]) => {
    for (const { workflowRunId, sleepers } of messages) {
      state.triggers.add(workflowRunId)
      for (const group of sleepers) state.add(group)
    }
    wake()
  }

  // Before any signal is handled: a cancel that overtook the first task knows of them.
  add(triggers ?? [])
  setHandler(
    triggerSignal,
    (message) => {
      if (!isTriggers(message) || !areHeard(sleepersOf(message.triggers)))
        log.warn('trigger ignored: only the api writes this signal')
      else if (isOurs(message.store)) add(message.triggers)
    },
    { description: 'Adds the recipients of accepted triggers.' },
  )
  setHandler(
    cancelSignal,
    (message) => {
      if (isRemoved(message) && areHeard(message.removed)) {
        if (!isOurs(message.store)) return
        inspection.canceled(message)
        state.remove(message.removed)
      } else {
        const request = readCancelRequest(message)
        if (request !== null) requests.push(asked(request))
        else log.warn('cancel ignored: it may hold recipients (a list), workflow_run_id and reason, nothing else')
      }
      wake()
    },
    { description: 'Cancels: {recipients?, workflow_run_id?, reason?}. Without recipients, everyone.' },
  )
  setHandler(
    moveSignal,
    (message) => {
      if (!isMove(message) || !areHeard(message.sleepers)) {
        log.warn('move ignored: only the api writes this signal')
        return
      }
      if (!isOurs(message.store)) return
      if (message.reload === true) state.reload()
      for (const group of message.sleepers) state.add(group)
      wake()
    },
    { description: 'Moves the sleep of recipients to another instant.' },
  )
  setHandler(stateQuery, () => ({ store, ...viewOf(state) }), {
    description: 'Who is pending, and what became of the others.',
  })

  const scope = CancellationScope.current()
  scope.cancelRequested.catch(() => {
    requests.push(asked({ reason: 'canceled through Temporal' }))
    wake()
  })

  await CancellationScope.nonCancellable(async () => {
    for (;;) {
      changed = false
      const now = Date.now()
      const draining = nearLimit()
      if (state.wantsPage && (!draining || requests.length > 0)) work.loadPage()
      // A cancel that is known of goes first, also when the instant has come; it waits until it is known who is there.
      if (requests.length > 0 && state.window.hasBegun) work.cancelInStore(requests)
      if (requests.length === 0 && !draining) {
        const slots = (kind: string) => (kind === RUN_LANE ? WALKS_IN_FLIGHT : SENDS_IN_FLIGHT)
        for (const chunk of state.takeDue(now + time.ahead, slots, CHUNK)) work.handOut(chunk)
      }
      if (work.size === 0 && requests.length === 0 && (state.isOver || draining)) {
        // A handler counts as unfinished for a moment after it returned: looked at once, this could stay false for ever.
        await condition(allHandlersFinished)
        if (hasChanged()) continue
        if (state.isOver) break
        inspection.show(state, now, true)
        await continueAsNew<typeof notificationRun>({ ...named, store, carried: state.carry(TRIGGERS_SHOWN) })
      }
      const showAt = inspection.show(state, now)
      if (!draining) timers.arm(wantedTimers(state, now, time.ahead, showAt), now)
      await condition(hasChanged)
    }
  })
  inspection.show(state, Date.now(), true)
  if (scope.consideredCancelled) await scope.cancelRequested
  return state.counts
}

const sleepersOf = (triggers: readonly TriggerMessage[]) => triggers.flatMap(({ sleepers }) => sleepers)

/**
 * Whether a message about these lanes is acted on. One that named a lane of steps that act on the outside was once ignored
 * as a whole: histories of then go on doing so.
 */
function areHeard(groups: readonly { lane: Lane }[]): boolean {
  return !groups.some(({ lane }) => isActLane(lane)) || patched('act-lanes')
}

/** History and signals of one execution are bounded (51,200 and 10,000): well before, the run continues as new. */
function nearLimit(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo()
  return continueAsNewSuggested || historyLength > 4_000
}

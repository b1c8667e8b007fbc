import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { readCancelRequest } from './cancel-request.ts'
import { Inspection, viewOf } from './inspection.ts'
import {
  cancelSignal,
  idsOf,
  moveSignal,
  stateQuery,
  triggerSignal,
  type Counts,
  type RunActivities,
  type RunInput,
  type TakeOutInput,
  type TriggerMessage,
} from './messages.ts'
import { areSleepers, areTriggers, isRemoved } from './readable.ts'
import { RunState, type Chunk } from './run-state.ts'
import { Timers } from './timers.ts'
import { wantedTimers } from './wanted-timers.ts'

/** A chunk is one transaction of an in-app channel: long enough to be worth it, short enough to be tried again. */
const CHUNK = 500
/** Of one run, so that a large one leaves slots to the others; well under the 2,000 pending activities a server allows. */
const CHUNKS_IN_FLIGHT = 8

const { deliver } = proxyActivities<RunActivities>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '10s',
  // Only a fault of ours or of the store gets here; what a provider refuses is retried by the run, recipient by recipient.
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})
const { takeOut } = proxyActivities<RunActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/**
 * Everything pending under one (definition, cancelation_key). Its ID is made of both; a trigger starts it, or joins
 * by signal; cancels and moves signal it, and it ends when nothing is pending. Recipients are records in `state`; handlers
 * only change that, and one loop acts on it. A crash loses nothing: Temporal replays the state, and the store refuses
 * whatever was sent or canceled meanwhile.
 */
export async function notificationRun({ triggers = [], carried, ...named }: RunInput): Promise<Counts> {
  const state = new RunState(carried)
  const requests: Omit<TakeOutInput, 'workflowId'>[] = []
  const work = new Set<Promise<void>>()
  let changed = true
  const hasChanged = () => changed
  const wake = () => {
    changed = true
  }
  const timers = new Timers(wake)
  const inspection = new Inspection()

  const add = (messages: TriggerMessage[]) => {
    if (!areTriggers(messages)) {
      log.warn('trigger ignored: only the api writes it')
      return
    }
    for (const { workflowRunId, sleepers } of messages) {
      state.triggers.add(workflowRunId)
      for (const group of sleepers) state.add(group)
    }
    wake()
  }

  // Before any signal is handled: a cancel that overtook the first task knows of them.
  add(triggers)
  setHandler(triggerSignal, add, { description: 'Adds the recipients of accepted triggers.' })
  setHandler(
    cancelSignal,
    (message) => {
      const request = isRemoved(message) ? null : readCancelRequest(message)
      if (isRemoved(message)) state.remove(idsOf(message.rows))
      else if (request !== null) requests.push({ request, upTo: state.newest })
      else log.warn('cancel ignored: it may hold recipients (a list), workflow_run_id and reason, nothing else')
      wake()
    },
    { description: 'Cancels: {recipients?, workflow_run_id?, reason?}. Without recipients, everyone.' },
  )
  setHandler(
    moveSignal,
    (groups) => {
      if (!areSleepers(groups)) {
        log.warn('move ignored: only the api writes this signal')
        return
      }
      for (const group of groups) state.move(group)
      wake()
    },
    { description: 'Moves the sleep of recipients to another instant.' },
  )
  setHandler(stateQuery, () => viewOf(state), { description: 'Who is pending, and what became of the others.' })

  const scope = CancellationScope.current()
  scope.cancelRequested.catch(() => {
    requests.push({ request: { reason: 'canceled through Temporal' }, upTo: state.newest })
    wake()
  })

  const track = (job: Promise<void>) => {
    const done = job.finally(() => {
      work.delete(done)
      wake()
    })
    work.add(done)
  }
  const send = async (chunk: Chunk) => {
    const summary = `${chunk.step}: ${chunk.size}`.slice(0, 200)
    const { step, rows } = chunk
    state.settle(chunk, await deliver.executeWithOptions({ summary }, [{ now: Date.now(), step, rows }]))
  }
  let takingOut = false
  const takeOutAll = async () => {
    const { workflowId } = workflowInfo()
    for (let asked = requests[0]; asked !== undefined; asked = requests[0]) {
      const { rows } = await takeOut({ workflowId, ...asked })
      state.remove(idsOf(rows))
      requests.shift()
    }
    takingOut = false
  }

  await CancellationScope.nonCancellable(async () => {
    for (;;) {
      changed = false
      const now = Date.now()
      const draining = nearLimit()
      if (requests.length > 0 && !takingOut) {
        takingOut = true
        track(takeOutAll())
      }
      // A cancel that is known of goes first, also when the instant has come.
      if (requests.length === 0 && !draining) {
        for (const chunk of state.takeDue(now, CHUNKS_IN_FLIGHT - work.size, CHUNK)) track(send(chunk))
      }
      if (work.size === 0 && (state.pending === 0 || draining)) {
        // A handler counts as unfinished for a moment after it returned: looked at once, this could stay false for ever.
        await condition(allHandlersFinished)
        if (hasChanged()) continue
        if (state.pending === 0) break
        inspection.show(state, now, true)
        await continueAsNew<typeof notificationRun>({ ...named, carried: state.carry() })
      }
      const showAt = inspection.show(state, now)
      if (!draining) timers.arm(wantedTimers(state, now, showAt), now)
      await condition(hasChanged)
    }
  })
  inspection.show(state, Date.now(), true)
  if (scope.consideredCancelled) await scope.cancelRequested
  return state.counts
}

/** History and signals of one execution are bounded (51,200 and 10,000): well before, the run continues as new. */
function nearLimit(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo()
  return continueAsNewSuggested || historyLength > 4_000
}

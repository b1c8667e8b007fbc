import type { WaitStep } from '../../definitions/step.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { loadOffers, MOST_OFFERS, type Offer } from '../../store/waits/load-offers.ts'
import { after } from '../delay/delay.ts'
import { evaluateWalks, shownAs } from '../conditions.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { eventOf, saidBy } from './event.ts'
import { waitFile } from './file.ts'

/**
 * Sleeps until an event comes that matches, or until its timeout. Whatever comes meanwhile wakes the row; the walk looks at it,
 * and waits on if it does not match. Of a match and a timeout at the same instant the match wins, and a walk that has
 * decided otherwise while the event came is refused by the row's revision.
 */
export const waitKind: StepKind<WaitStep> = {
  type: 'wait_for_event',
  file: waitFile,
  acts: false,
  movable: false,
  // Who passes it over, since its conditions do not hold, goes on all the same.
  targets: ({ haltsOnMatch, haltsOnTimeout, conditions, next }) =>
    haltsOnMatch && haltsOnTimeout && conditions === undefined ? [null] : [next],
  enter: (walks, { now }) => Promise.resolve(walks.map((walk) => begin(walk, now))),
  resume,
}

function begin(walk: Walk<WaitStep>, now: number): StepResult {
  const { step, row } = walk
  const until = after(now, step.expires)
  const since = step.lookBack === null ? now : now - (after(now, step.lookBack) - now)
  const { eventKind: kind, eventName: name, source } = step
  const taken = kind === 'workflow' ? endsTaken(walk) : []
  const wait = { kind, name, source, recipient: row.recipient, until, since, ...(taken.length > 0 && { taken }) }
  return { kind: 'wait', due: until, state: { [step.ref]: { until } }, wait: { enters: wait } }
}

/** The ends of runs that its waits have matched so far, by the public ids of these. */
function endsTaken({ definition, state }: Walk): string[] {
  return definition.steps.flatMap((step) => {
    if (step.type !== 'wait_for_event' || step.eventKind !== 'workflow') return []
    const left = state[step.ref] as { signal_variables?: JsonObject } | undefined
    const id = left?.signal_variables?.['workflow_recipient_run_id']
    return typeof id === 'string' ? [id] : []
  })
}

async function resume(walks: readonly Walk<WaitStep>[], deps: StepDeps): Promise<StepResult[]> {
  const offers = await loadOffers(
    deps.db,
    walks.map(({ row }) => row.id),
  )
  const results = new Map<Walk, StepResult>()
  const refused = new Map<Walk, JsonObject>()
  const left = (place: number) => {
    return walks.filter((walk) => !results.has(walk) && offers.get(walk.row.id)?.[place] !== undefined)
  }
  for (let place = 0, asked = left(0); asked.length > 0; place += 1, asked = left(place)) {
    const offerOf = ({ row }: Walk) => offers.get(row.id)![place]!
    const judgements = await evaluateWalks(
      asked,
      ({ step }) => step.matchConditions,
      deps,
      (walk) => eventOf(walk.step.eventKind, offerOf(walk)),
    )
    asked.forEach((walk, index) => {
      const { result, explanation } = judgements[index]!
      const offer = offerOf(walk)
      if (result && offer.happenedAt <= untilOf(walk)) {
        results.set(walk, matched(walk.step, offer, explanation === null ? {} : shownAs(explanation)))
      } else refused.set(walk, { matched: false, event: offer.id, ...(explanation !== null && shownAs(explanation)) })
    })
  }
  return walks.map((walk) => {
    const found = offers.get(walk.row.id) ?? []
    return results.get(walk) ?? unmatched(walk, deps.now, found, refused.get(walk))
  })
}

function untilOf({ state, step, row }: Walk<WaitStep>): number {
  const own = state[step.ref] as { until?: number } | undefined
  return own?.until ?? row.due ?? row.enteredAt
}

function matched(step: WaitStep, offer: Offer, shown: JsonObject): StepResult {
  const at = new Date(offer.happenedAt).toISOString()
  const output = { matched: true, signal_variables: saidBy(step.eventKind, offer) }
  const effects = {
    state: { [step.ref]: output },
    wait: { leaves: true },
    decided: { text: 'matched', data: { matched: true, event: offer.id, at, ...shown } },
  }
  if (!step.haltsOnMatch) return { kind: 'go_on', ...effects }
  return { kind: 'end', reason: `matched ${step.eventName}: on_match is halt`, ...effects }
}

/** `refused`: how the last of the events that came did not match. */
function unmatched(walk: Walk<WaitStep>, now: number, offers: readonly Offer[], refused?: JsonObject): StepResult {
  const { step } = walk
  const until = untilOf(walk)
  // As many as are looked at once, and none of them too late: another that came in time may be behind them.
  const isMore = offers.length === MOST_OFFERS && offers.at(-1)!.happenedAt <= until
  if (isMore || now < until) {
    const seen = offers.map(({ id }) => id)
    const due = isMore ? now + 1 : until
    const decided = refused !== undefined && { decided: { text: 'an event came that does not match', data: refused } }
    return { kind: 'wait', due, wait: { seen }, ...decided }
  }
  const output = { matched: false, signal_variables: {} }
  const decided = { text: `no ${step.eventName} came`, data: refused ?? { matched: false } }
  const effects = { state: { [step.ref]: output }, wait: { leaves: true }, decided }
  if (!step.haltsOnTimeout) return { kind: 'go_on', ...effects }
  return { kind: 'end', reason: `no ${step.eventName} came in time: on_timeout is halt`, ...effects }
}

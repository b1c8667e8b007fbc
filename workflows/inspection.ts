import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import type { RunView } from './messages.ts'
import type { RunState } from './run-state.ts'
import { NAMED } from './wanted-timers.ts'

export const belayTriggers = defineSearchAttributeKey('BelayTriggers', SearchAttributeType.KEYWORD_LIST)
export const belayPending = defineSearchAttributeKey('BelayPending', SearchAttributeType.INT)
export const belaySent = defineSearchAttributeKey('BelaySent', SearchAttributeType.INT)
export const belayCanceled = defineSearchAttributeKey('BelayCanceled', SearchAttributeType.INT)

/** A list attribute holds 2 KB: 50 UUIDs. */
const TRIGGERS_SHOWN = 50
const INTERVAL_MS = 1_000
/** The next wake shows what changed meanwhile: a timer of its own costs five events. */
const SOON_MS = 5_000
/** In a small run each upsert is one event beside the eleven of a wake: it lags by up to a twentieth of who is pending. */
const LAG = 1 / 20

export function viewOf(state: RunState): RunView {
  const { nextDue } = state
  return {
    pending: state.pending,
    delivering: state.delivering,
    nextDue: nextDue === undefined ? null : new Date(nextDue).toISOString(),
    ...state.counts,
  }
}

/**
 * Shows a run's state in the Web UI: details at each look, search attributes at most once a second. Triggers, cancels and
 * the end of the run are always shown; in a small run of more than 20 the counts may be late by one or two.
 */
export class Inspection {
  #shownAt = 0

  /** Returns the instant at which it wants to be called again, or undefined if everything is shown. */
  show(state: RunState, now: number, last = false): number | undefined {
    setCurrentDetails(details(viewOf(state)))
    const attributes = attributesOf(state)
    const lag = last || state.peak > NAMED ? 0 : Math.floor(state.pending * LAG)
    if (isShown(attributes, lag)) return undefined
    if (!last && now < this.#shownAt + INTERVAL_MS) {
      const { delivering, nextDue } = state
      const wakesSoon = delivering > 0 || (nextDue !== undefined && nextDue <= now + SOON_MS)
      return wakesSoon ? undefined : this.#shownAt + INTERVAL_MS
    }
    upsertSearchAttributes([...attributes])
    this.#shownAt = now
    return undefined
  }
}

function attributesOf({ pending, counts, triggers }: RunState) {
  return [
    { key: belayPending, value: pending },
    { key: belaySent, value: counts.sent },
    { key: belayCanceled, value: counts.canceled },
    { key: belayTriggers, value: [...triggers].slice(-TRIGGERS_SHOWN) },
  ] as const
}

/** The start told what the first trigger brought, and a continued run has its predecessor's attributes. */
function isShown([pending, sent, canceled, triggers]: ReturnType<typeof attributesOf>, lag: number): boolean {
  const shown = workflowInfo().typedSearchAttributes
  return (
    [pending, sent].every(({ key, value }) => Math.abs((shown.get(key) ?? Infinity) - value) <= lag) &&
    shown.get(canceled.key) === canceled.value &&
    shown.get(triggers.key)?.join() === triggers.value.join()
  )
}

function details(view: RunView): string {
  return [
    '| pending | in delivery | sent | canceled | skipped | failed | next |',
    '|---|---|---|---|---|---|---|',
    `| ${view.pending} | ${view.delivering} | ${view.sent} | ${view.canceled} | ${view.skipped} | ${view.failed} | ${view.nextDue ?? '–'} |`,
  ].join('\n')
}

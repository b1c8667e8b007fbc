import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import type { RunInput } from './run-input.ts'
import type { RunView } from './run-view.ts'
import type { RemovedMessage } from './signals.ts'
import type { RunState } from './run-state.ts'
import { shorten } from './shorten.ts'
import { NAMED, summaryOf } from './wanted-timers.ts'

const belayTriggers = defineSearchAttributeKey('BelayTriggers', SearchAttributeType.KEYWORD_LIST)
const belayPending = defineSearchAttributeKey('BelayPending', SearchAttributeType.INT)
const belaySent = defineSearchAttributeKey('BelaySent', SearchAttributeType.INT)
const belayCanceled = defineSearchAttributeKey('BelayCanceled', SearchAttributeType.INT)

/** A list attribute holds 2 KB: 50 UUIDs. */
export const TRIGGERS_SHOWN = 50
const INTERVAL_MS = 1_000
/** The next wake shows what changed meanwhile: a timer of its own costs five events. */
const SOON_MS = 5_000
/** In a small run each upsert is one event beside the eleven of a wake: it lags by up to a twentieth of who is pending. */
const LAG = 1 / 20
/** Details are one payload of a workflow task. */
const SLEEPERS_SHOWN = 20
const CANCELS_SHOWN = 5
const TEXT_BYTES = 200

/** What the query `state` answers. */
export function viewOf(state: RunState): Omit<RunView, 'store'> {
  const { nextDue } = state
  return {
    pending: state.pending,
    acting: state.acting,
    nextDue: nextDue === undefined ? null : new Date(nextDue).toISOString(),
    ...state.counts,
  }
}

/**
 * Shows a run's state in the Web UI: details at each look, search attributes at most once a second. Triggers, cancels and
 * the end of the run are always shown; in a small run of more than 20 the counts may be late by one or two.
 */
export class Inspection {
  readonly #named: Pick<RunInput, 'definition' | 'cancelationKey'>
  readonly #cancels: string[] = []
  #shownAt = 0

  constructor(named: Pick<RunInput, 'definition' | 'cancelationKey'>) {
    this.#named = named
  }

  /** A cancel has come: who asked, why, and whom it took out, are shown from now on. */
  canceled({ by, reason, recipients }: Pick<RemovedMessage, 'by' | 'reason' | 'recipients'>): void {
    const whom = recipients === undefined ? 'many' : recipients.slice(0, 5).join(', ')
    const why = reason === undefined ? '' : `: ${reason}`
    this.#cancels.push(shorten(`- ${whom} by ${by ?? 'unknown'}${why}`, TEXT_BYTES))
    if (this.#cancels.length > CANCELS_SHOWN) this.#cancels.shift()
  }

  /** Returns the instant at which it wants to be called again, or undefined if everything is shown. */
  show(state: RunState, now: number, last = false): number | undefined {
    setCurrentDetails(this.#details(state))
    const attributes = attributesOf(state)
    const lag = last || state.peak > NAMED ? 0 : Math.floor(state.pending * LAG)
    if (isShown(attributes, lag)) return undefined
    if (!last && now < this.#shownAt + INTERVAL_MS) {
      const { acting, nextDue } = state
      const wakesSoon = acting > 0 || (nextDue !== undefined && nextDue <= now + SOON_MS)
      return wakesSoon ? undefined : this.#shownAt + INTERVAL_MS
    }
    upsertSearchAttributes([...attributes])
    this.#shownAt = now
    return undefined
  }

  /** Definition and key stand here, too: a run that continues as new loses its static summary. */
  #details(state: RunState): string {
    const { pending, acting, sent, canceled, skipped, failed, nextDue } = viewOf(state)
    const { definition, cancelationKey } = this.#named
    const key = cancelationKey === null ? 'without a cancelation key' : `key \`${shorten(cancelationKey, TEXT_BYTES)}\``
    const lines = [
      `\`${shorten(definition, TEXT_BYTES)}\`, ${key}`,
      '',
      `- pending: ${pending}${acting > 0 ? `, of which ${acting} are with a worker` : ''}`,
      `- retrying: ${retrying(state)}`,
      `- sent: ${sent}`,
      `- canceled: ${canceled}`,
      ...(skipped > 0 ? [`- not sent: ${skipped}`] : []),
      ...(failed > 0 ? [`- failed: ${failed}`] : []),
      ...(nextDue === null ? [] : [`- next: ${nextDue}`]),
      ...(state.window.isComplete ? [] : ['- more sleep in the store, after those']),
    ]
    if (this.#cancels.length > 0) lines.push('', 'Canceled:', '', ...this.#cancels)
    if (state.peak <= NAMED) lines.push(...sleepersShown(state))
    return lines.join('\n')
  }
}

function retrying(state: RunState): number {
  let count = 0
  for (const { asleep } of state.lanes.values()) {
    for (const { tries } of asleep.values()) if (tries > 0) count += 1
  }
  return count
}

function sleepersShown(state: RunState): string[] {
  const lines: string[] = []
  for (const [lane, { asleep }] of state.lanes) {
    for (const [id, sleeper] of asleep) {
      if (lines.length === SLEEPERS_SHOWN) return ['', 'Asleep:', '', ...lines, '- ...']
      lines.push(`- ${summaryOf(lane, id, sleeper)}, until ${new Date(sleeper.due).toISOString()}`)
    }
  }
  return lines.length === 0 ? [] : ['', 'Asleep:', '', ...lines]
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

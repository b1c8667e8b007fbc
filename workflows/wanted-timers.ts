import { isActLane, RUN_LANE, type Lane } from './lane-name.ts'
import { wakeOf, type Sleeper } from './lane.ts'
import type { RunState } from './run-state.ts'
import { shorten } from './shorten.ts'
import type { Wanted } from './timers.ts'

/** Runs of which no lane ever held more: each sleeper has a timer named after them. Larger ones arm one timer, for the earliest. */
export const NAMED = 50
/** Instants this close wake together, at the end of their window: nobody before their instant. */
const WINDOW_MS = 50
const SUMMARY_BYTES = 200
/** Of a message, and of a step. */
const TRIES = { message: 8, step: 3 }

/**
 * The timers a run needs in this state. `now` is the run's clock, and the store's is `ahead` of it: sleepers are due by the
 * store's. None for an instant that has come: whoever is due and still asleep waits for work under way, whose end wakes the
 * loop.
 */
export function wantedTimers(state: RunState, now: number, ahead: number, showAt?: number): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  if (showAt !== undefined) wanted.set('show', { due: showAt, summary: 'show state' })
  if (state.peak > NAMED) {
    const due = state.nextDue
    if (due !== undefined && due - ahead > now) {
      const summary = `${state.asleep} asleep`
      wanted.set('next', { due: Math.ceil((due - ahead) / WINDOW_MS) * WINDOW_MS, summary })
    }
    return wanted
  }
  for (const [lane, { asleep }] of state.lanes) {
    for (const [id, sleeper] of asleep) {
      const due = wakeOf(sleeper) - ahead
      if (due > now) wanted.set(`${lane} ${id}`, { due, summary: summaryOf(lane, id, sleeper) })
    }
  }
  return wanted
}

/** What the Web UI shows of a timer: who sleeps in which step, and at which try; at most 200 bytes. */
export function summaryOf(lane: Lane, id: number, { name, step, tries, why }: Sleeper): string {
  return shorten(`${name ?? id}: ${step}${tryOf(lane, tries, why)}`, SUMMARY_BYTES)
}

/** Which try comes next, after so many that failed, and why; nothing before the first. */
export function tryOf(lane: Lane, failed: number, why?: string): string {
  const most = lane === RUN_LANE || isActLane(lane) ? TRIES.step : TRIES.message
  return failed === 0 ? '' : `, try ${failed + 1} of ${most}${why === undefined ? '' : ` (${why})`}`
}

import type { RunState } from './run-state.ts'
import type { Wanted } from './timers.ts'

/** Runs that never held more: each recipient holds a timer named after them. Larger ones arm one timer, for the earliest. */
export const NAMED = 50
/** Instants this close wake together, at the end of their window: nobody before their instant. */
const WINDOW_MS = 50
const SUMMARY_BYTES = 200

/**
 * The timers a run needs in this state. None for an instant that has come: whoever is due and still asleep waits for work
 * under way, whose end wakes the loop.
 */
export function wantedTimers(state: RunState, now: number, showAt?: number): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  if (showAt !== undefined) wanted.set('show', { due: showAt, summary: 'show state' })
  if (state.peak > NAMED) {
    const due = state.nextDue
    if (due !== undefined && due > now) {
      const summary = `${state.sleepers.size} asleep`
      wanted.set('next', { due: Math.ceil(due / WINDOW_MS) * WINDOW_MS, summary })
    }
    return wanted
  }
  for (const [id, { due, step, name }] of state.sleepers) {
    if (due > now) wanted.set(String(id), { due, summary: shorten(`${name ?? id}: ${step}`) })
  }
  return wanted
}

/** Cuts to the bytes a summary may have; UTF-8 takes at most 3 for a UTF-16 unit. */
function shorten(text: string): string {
  let bytes = 0
  let kept = ''
  for (const char of text) {
    const point = char.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes > SUMMARY_BYTES) break
    kept += char
  }
  return kept
}

import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long statements may follow each other while the event loop waits. */
const MOST_MS = 1

/**
 * Answers `run` so that calls one after the other leave the event loop a turn every millisecond. What answers without
 * ever waiting would otherwise keep it until nobody asks any more: nothing is received, no timer fires, and a turn accepts
 * just one connection.
 */
export function leavingTurns<Given extends unknown[], Result>(
  run: (...given: Given) => Promise<Result>,
): (...given: Given) => Promise<Result> {
  let turned = performance.now()
  return async (...given) => {
    if (performance.now() - turned > MOST_MS) {
      await nextTurn()
      turned = performance.now()
    }
    return run(...given)
  }
}

import type { AnyStepResult, Walk } from '../steps/kind.ts'
import { waitBeforeNext } from '../steps/tries.ts'
import { offsetText } from './offset.ts'

/**
 * What a step came to, on one line; null where the timeline says it otherwise: by its messages, by the end of the walk, or
 * by what follows.
 */
export function stepText(
  walk: Walk,
  result: AnyStepResult,
  { start, now }: { start: number; now: number },
): string | null {
  const { step, row, stepIndex } = walk
  const wasWaiting = row.phase === 'wait' && row.step === stepIndex
  const until = (due: number) => offsetText(due - start)
  if (result.skipped !== undefined) return `skipped: ${result.skipped.reason}`
  if (result.decided !== undefined) return result.decided.text
  switch (result.kind) {
    case 'retry':
      return `tried again at ${until(result.due)}: ${result.reason}`
    case 'wait':
      // Of a wait for an event only its beginning is told, and what came.
      if (result.due === null || result.wait?.seen !== undefined) return null
      if (result.wait?.enters !== undefined) return `waits for ${result.wait.enters.name} until ${until(result.due)}`
      return `${wasWaiting ? 'waits on until' : 'waits until'} ${until(result.due)}`
    case 'go_on':
      if (result.entry !== undefined) return `passes at once; opens until ${until(result.entry.closesAt)}`
      return step.type === 'channel' || wasWaiting ? null : 'passes'
    case 'fail': {
      const failedBefore = row.step === stepIndex ? row.attempt : 0
      const wait = result.isFinal === true ? undefined : waitBeforeNext(failedBefore)
      return wait === undefined ? null : `tried again at ${until(now + wait)}: ${result.reason}`
    }
    case 'act':
    case 'end':
      return null
  }
}

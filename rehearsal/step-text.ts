import type { StepResult, Walk } from '../steps/kind.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { offsetText } from './offset.ts'

/**
 * What a step came to, on one line; null where the timeline says it otherwise: by its messages, by the end of the walk, or
 * by what follows.
 */
export function stepText(walk: Walk, result: StepResult, start: number): string | null {
  const { step, row, stepIndex } = walk
  const wasWaiting = row.phase === 'wait' && row.step === stepIndex
  const until = (due: number) => offsetText(due - start)
  if (result.skipped !== undefined) return `skipped: ${result.skipped.reason}`
  if (result.decided !== undefined) return decidedText(walk, result.decided)
  switch (result.kind) {
    case 'retry':
      return `tried again at ${until(result.due)}: ${result.reason}`
    case 'wait':
      if (result.wait?.seen !== undefined && result.wait.seen.length > 0) return 'an event came that does not match'
      if (result.due === null || (step.type === 'wait_for_event' && wasWaiting)) return null
      if (step.type === 'wait_for_event') return `waits for ${step.eventName} until ${until(result.due)}`
      return `${wasWaiting ? 'waits on until' : 'waits until'} ${until(result.due)}`
    case 'go_on':
      if (result.entry !== undefined) return `passes at once; opens until ${until(result.entry.closesAt)}`
      if (result.data !== undefined) return `data ${JSON.stringify(result.data)}`
      return step.type === 'channel' || wasWaiting ? null : 'passes'
    case 'act':
    case 'end':
    case 'fail':
      return null
  }
}

/** The ways that a step can go, by the field of its event that tells; the first that is there counts. */
const ways: readonly (readonly [field: string, text: string])[] = [
  ['branch', 'takes'],
  ['cohort', 'cohort'],
  ['total_activities', 'closes with'],
  ['workflow', 'triggers'],
  ['updated', 'updates'],
  ['status', 'answered'],
]

function decidedText({ step }: Walk, decided: JsonObject): string {
  if (decided['passed'] === true) return 'passes'
  if (decided['matched'] === true) return 'matched'
  if (decided['matched'] === false) return `no ${step.type === 'wait_for_event' ? step.eventName : 'event'} came`
  for (const [field, text] of ways) {
    const value = decided[field]
    if (typeof value === 'string' || typeof value === 'number') return `${text} ${value}`
  }
  return JSON.stringify(decided)
}

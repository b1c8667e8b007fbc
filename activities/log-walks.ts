import type { Logger } from 'pino'
import { triggerIdOf } from '../store/ids/row-id.ts'
import type { OwnTrigger } from '../store/recipient-runs/load-walks.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import { callingRun } from './chunk.ts'

interface Walked {
  recipientRuns: number
  messages: number
  over: number
  /** Where they stand now, each step once. */
  steps: Set<string>
}

/** At LOG_LEVEL=debug: how recipient runs walked on, a line for each trigger. */
export function logWalks(
  log: Logger,
  triggers: ReadonlyMap<number, OwnTrigger>,
  settled: readonly WalkSettlement[],
  refOf: (walk: WalkSettlement) => string,
): void {
  if (!log.isLevelEnabled('debug')) return
  const byTrigger = new Map<number, Walked>()
  for (const walk of settled) {
    const id = triggerIdOf(walk.id)
    const walked = byTrigger.get(id) ?? { recipientRuns: 0, messages: 0, over: 0, steps: new Set() }
    walked.recipientRuns += 1
    walked.messages += walk.messages.length
    if (walk.status !== 'waiting') walked.over += 1
    walked.steps.add(refOf(walk))
    byTrigger.set(id, walked)
  }
  for (const [id, { steps, ...walked }] of byTrigger) {
    const which = { workflow_run_id: triggers.get(id)?.workflowRunId, workflowId: callingRun() }
    log.debug({ ...which, ...walked, steps: [...steps] }, 'recipient runs walked on')
  }
}

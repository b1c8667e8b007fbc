import type { Context } from './route.ts'

/** Of one call: a line each. */
const MOST_LINES = 100

/** What the answer to a cancel or a move lists. */
interface Listed {
  recipients: readonly { runs: readonly { workflow_run_id: string; outcome: string }[] }[]
}

/** At LOG_LEVEL=debug: what a call did to each trigger that it reached, a line each with its outcomes counted. */
export function logOutcomes(
  { log, requestId }: Pick<Context, 'log' | 'requestId'>,
  what: 'canceled' | 'moved',
  answers: readonly Listed[],
): void {
  if (!log.isLevelEnabled('debug')) return
  const byTrigger = new Map<string, Record<string, number>>()
  for (const { workflow_run_id: id, outcome } of answers
    .flatMap(({ recipients }) => recipients)
    .flatMap(({ runs }) => runs)) {
    const outcomes = byTrigger.get(id) ?? {}
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    byTrigger.set(id, outcomes)
  }
  for (const [id, outcomes] of [...byTrigger].slice(0, MOST_LINES)) {
    log.debug({ requestId, workflow_run_id: id, outcomes }, `a trigger was ${what}, or asked to be`)
  }
}

import { z } from 'zod'
import { traceWork } from '../metrics/tracing.ts'
import { jsonObject } from '../resources/json-object.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { Triggered, TriggerWish, Walk } from '../steps/kind.ts'
import { findCurrent } from '../store/catalog/current.ts'
import { sqlState } from '../store/postgres/store-error.ts'
import { transaction } from '../store/postgres/database.ts'
import { loadPendingSignals, type PendingSignal } from '../store/signals/pending-signals.ts'
import { claimsHold } from '../store/recipient-runs/claims.ts'
import { stepNumber } from '../store/recipient-runs/step-number.ts'
import { triggerCausedBy } from '../store/triggers/caused-by.ts'
import { prepareTrigger } from './accept-trigger.ts'
import type { EngineDeps } from './deps.ts'
import { EngineError } from './errors.ts'
import { recipientRequest } from './recipient-request.ts'
import { tenantOfTrigger } from './tenant-request.ts'
import type { TriggerRequest } from './trigger-request.ts'

/** How many workflows may trigger each other in a row: a loop is cut here. */
const MOST_DEPTH = 10
/** Recipients of one step. */
const MOST_RECIPIENTS = 1_000

const wishShape = z.object({
  recipients: z.array(recipientRequest).min(1, 'must name at least one recipient').max(MOST_RECIPIENTS),
  actor: recipientRequest.nullable(),
  tenant: tenantOfTrigger.nullable(),
  data: jsonObject,
  cancellation_key: z.string().min(1).max(1_000).nullable(),
})

type Deps = Pick<EngineDeps, 'outbox' | 'now' | 'signaler'> & { store: Pick<EngineDeps['store'], 'db'> }

/** The parent was canceled, or its claim has gone to another worker: nothing is to be written. */
class ClaimLost extends Error {}

/**
 * Triggers a workflow for a step of a recipient run that `owner` holds: a trigger like any other, once for each row and step,
 * and refused if the row was canceled meanwhile. Says what cannot be triggered, and why; throws what the store throws.
 */
export async function triggerFromStep(deps: Deps, owner: string, walk: Walk, wish: TriggerWish): Promise<Triggered> {
  const { row, stepIndex, trigger } = walk
  const step = stepNumber(stepIndex, { hasMoved: row.definitionHash !== null })
  const cause = { row: row.id, step, depth: trigger.depth + 1 }
  const current = await findCurrent(deps.store.db, wish.workflow)
  if (current === null) return { problem: `no workflow has the key ${wish.workflow}` }
  if (!current.active) return { skipped: `the workflow ${wish.workflow} is not active` }
  if (cause.depth > MOST_DEPTH)
    return { problem: `${MOST_DEPTH} workflows triggered each other in a row: this would be one more` }
  const request = requestOf(wish, walk)
  if (typeof request === 'string') return { problem: request }
  // Its own trace is below this one's: what it comes to is told with the call that was the beginning of both.
  const part = traceWork('trigger', 'consumer', trigger.trace, {
    'belay.workflow_run_id': trigger.workflowRunId,
    'belay.workflow': wish.workflow,
  })
  try {
    const { version } = current
    const caller = { apiKey: 'trigger_workflow', trace: part?.traceparent }
    const prepared = prepareTrigger(deps, caller, version, { ...request, cause })
    const { workflowRunId, signals } = await retryTaken(async () =>
      transaction(deps.store.db, async (tx): Promise<{ workflowRunId: string; signals: PendingSignal[] }> => {
        const before = await triggerCausedBy(tx, cause)
        if (before !== null)
          return { workflowRunId: before, signals: await loadPendingSignals(tx, { workflowRunId: before }) }
        const { answer, signals } = await prepared.inTransaction(tx)
        // Last, since the child's key is locked before any recipient run.
        if (!(await claimsHold(tx, [row], owner)).has(row.id)) throw new ClaimLost()
        return { workflowRunId: answer.workflow_run_id, signals }
      }),
    )
    for (const signal of signals) void deps.signaler.send(signal)
    part?.add({ 'belay.triggered_run_id': workflowRunId })
    return { workflowRunId }
  } catch (error) {
    if (error instanceof ClaimLost) return { skipped: 'canceled before it was triggered' }
    if (!(error instanceof EngineError)) throw error
    const faults = error.fields.map(({ field, message }) => `${field} ${message}`)
    return { problem: faults.length > 0 ? faults.slice(0, 10).join('; ') : error.message }
  } finally {
    part?.end()
  }
}

/** Again, if another worker wrote the same trigger in between: then it is found. */
async function retryTaken<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (sqlState(error) !== '23505') throw error
    return work()
  }
}

function requestOf(wish: TriggerWish, { trigger }: Walk): Omit<TriggerRequest, 'cause'> | string {
  const parsed = wishShape.safeParse(wish, { error: zodErrorMap })
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
    return faults.slice(0, 10).join('; ')
  }
  const { recipients, actor, tenant, data, cancellation_key: cancelationKey } = parsed.data
  const { skipDelay, sandboxMode } = trigger
  const own = { cancelationKey, onConflict: 'join' as const, skipDelay, sandboxMode }
  return { recipients, actor, data, tenant, ...own }
}

import type { DefinitionVersion } from '../definitions/definition.ts'
import type { Database } from '../store/postgres/database.ts'
import { insertFirstTrigger } from '../store/triggers/first-trigger.ts'
import type { IdempotentRequest } from '../store/idempotency/idempotency.ts'
import { loadPendingSignals, type PendingSignal } from '../store/signals/pending-signals.ts'
import type { AcceptedTrigger } from '../store/triggers/trigger-rows.ts'
import { insertTrigger, lockRun } from '../store/triggers/triggers.ts'
import type { Verdict } from '../store/recipient-runs/verdict.ts'
import { cancelInTransaction } from './cancel.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { fanOut } from './fan-out.ts'
import { meantRecipients } from './merged-recipients.ts'
import { holdBack, mayHoldBack } from './hold-back.ts'
import { isObject, planTrigger } from './plan-trigger.ts'
import { activeVersion, addressOf } from './run-address.ts'
import { requireRoom } from './require-room.ts'
import { runIdempotent, type Answered, type Done } from './run-idempotent.ts'
import { describesProfiles, storeProfiles } from './store-profiles.ts'
import type { TriggerRequest } from './trigger-request.ts'

export interface TriggerAnswer {
  workflow_run_id: string
  joined?: true
  replaced?: Verdict
  kept?: true
}

/**
 * Accepts a trigger of the definition `key`: once this resolves it is accepted, whatever happens to Temporal or to this
 * process. Throws, with nothing written, `workflow_missing`, `workflow_inactive`, `invalid_params`, and what
 * `runIdempotent` does.
 */
export function acceptTrigger(
  deps: EngineDeps,
  caller: Caller,
  key: string,
  request: TriggerRequest,
): Promise<Answered<TriggerAnswer>> {
  const { cancelationKey } = request
  // Only when it is no repeat: what was accepted once is answered so again, though its instant is past by now.
  const prepare = atMostOnce(() => prepareTrigger(deps, caller, activeVersion(deps, key), request))
  return runIdempotent(deps, caller, {
    scope: `trigger ${key}`,
    request,
    mutexKey: cancelationKey === null ? null : addressOf(key, cancelationKey).workflowId,
    inOneStatement: async (idempotent) => prepare().inOneStatement(idempotent),
    inTransaction: async (tx) => prepare().inTransaction(tx),
    unfinished: ({ workflow_run_id: workflowRunId }) => loadPendingSignals(deps.store.db, { workflowRunId }),
  })
}

/** A trigger that was checked and waits to be written, in one of two ways. */
export interface PreparedTrigger {
  /** In the caller's transaction: locks the key's row and looks at what is pending there. */
  inTransaction: (tx: Database) => Promise<Done<TriggerAnswer>>
  /** Fast path: one statement, no transaction. Resolves to null, with nothing written, where `inTransaction` is needed. */
  inOneStatement: (idempotent: IdempotentRequest | null) => Promise<Done<TriggerAnswer> | null>
}

/** Checks a trigger, once, and plans what is to be written. Throws `invalid_params`. */
export function prepareTrigger(
  deps: Pick<EngineDeps, 'outbox' | 'now'> & { store: Pick<EngineDeps['store'], 'db'> },
  caller: Caller,
  version: DefinitionVersion,
  request: TriggerRequest,
): PreparedTrigger {
  const { outbox, store } = deps
  const { key } = version.definition
  const first = planTrigger(deps, caller, version, request)
  const { cancelationKey } = request
  const signalOf = ({ workflowId, signalId, triggerId, message }: AcceptedTrigger, opens: boolean): PendingSignal => {
    const address = { workflowId, definition: key, cancelationKey }
    const { tenant } = first.acceptance
    return { id: signalId, ...address, tenant, kind: 'trigger', triggerId, message, opens }
  }

  async function inTransaction(tx: Database): Promise<Done<TriggerAnswer>> {
    const run = cancelationKey === null ? null : await lockRun(tx, key, cancelationKey, first.acceptance.acceptedAt)
    const pending = run?.pendingTrigger ?? null
    if (request.onConflict === 'keep' && pending !== null)
      return { answer: { workflow_run_id: pending, kept: true }, signals: [] }
    const meant = await meantRequest(tx, request)
    const planned = meant === request ? first : planTrigger(deps, caller, version, meant)
    const { acceptance } = planned
    await storeProfiles(tx, meant, deps)
    const replaces = request.onConflict === 'replace' && pending !== null
    const replaced = replaces
      ? await cancelInTransaction(tx, deps, caller, addressOf(key, cancelationKey!), { reason: 'replaced' })
      : null
    const joins = pending !== null && !replaces
    const accepted = request.scheduleId === undefined ? await fanOut(tx, planned) : acceptance
    if (joins) await requireRoom(store.db, tx, run!, accepted)
    const inserted = await insertTrigger(tx, run, accepted, joins, outbox)
    const trigger = await holdBack(tx, { outbox }, accepted, inserted)
    return {
      answer: {
        workflow_run_id: acceptance.workflowRunId,
        ...(joins && { joined: true as const }),
        ...(replaced !== null && { replaced: replaced.answer }),
      },
      signals: [...(replaced?.signals ?? []), ...(trigger === null ? [] : [signalOf(trigger, pending === null)])],
    }
  }

  async function inOneStatement(idempotent: IdempotentRequest | null): Promise<Done<TriggerAnswer> | null> {
    if (describesProfiles(request) || outbox.endpoints.length > 0) return null
    const { acceptance } = first
    if (mayHoldBack(version) || acceptance.recipients.some(({ key }) => isObject(key))) return null
    const answer = { workflow_run_id: acceptance.workflowRunId }
    const answered = idempotent === null ? null : { ...idempotent, response: answer }
    const trigger = await insertFirstTrigger(store.db, acceptance, answered)
    return trigger === null ? null : { answer, signals: [signalOf(trigger, true)] }
  }

  return { inTransaction, inOneStatement }
}

/** The same request, with whom merged users mean by now; itself, where none was merged. */
async function meantRequest(tx: Database, request: TriggerRequest): Promise<TriggerRequest> {
  const { recipients, actor } = request
  const given = actor === null ? recipients : [...recipients, actor]
  const meant = await meantRecipients(tx, given)
  if (meant.every((each, index) => each === given[index])) return request
  return { ...request, recipients: meant.slice(0, recipients.length), actor: meant[recipients.length] ?? null }
}

/** The result of the first call, or what it threw, for every call. */
function atMostOnce<Result>(work: () => Result): () => Result {
  let first: (() => Result) | undefined
  return () => {
    if (first === undefined) {
      try {
        const result = work()
        first = () => result
      } catch (error) {
        first = () => {
          throw error
        }
      }
    }
    return first()
  }
}

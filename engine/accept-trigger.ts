import type { DefinitionVersion } from '../definitions/definition.ts'
import type { Database } from '../store/postgres/database.ts'
import { insertFirstTrigger } from '../store/triggers/first-trigger.ts'
import type { IdempotentRequest } from '../store/idempotency/idempotency.ts'
import { upsertObjects } from '../store/profiles/objects.ts'
import type { PendingSignal } from '../store/signals/pending-signals.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { upsertTenants } from '../store/profiles/tenants.ts'
import type { AcceptedTrigger } from '../store/triggers/trigger-rows.ts'
import { insertTrigger, lockRun } from '../store/triggers/triggers.ts'
import { upsertUsers } from '../store/profiles/users.ts'
import type { Verdict } from '../store/recipient-runs/verdict.ts'
import { addressOf, cancelPending } from './cancel-pending.ts'
import { ApiError } from '../api/http/errors.ts'
import type { Done } from './idempotent.ts'
import { judgeTrigger } from './judge-trigger.ts'
import type { Context } from '../api/http/route.ts'
import type { TriggerRequest } from '../api/requests/trigger.ts'

export interface TriggerAnswer {
  workflow_run_id: string
  joined?: true
  replaced?: Verdict
  kept?: true
}

/** A definition that takes triggers. */
export function activeVersion({ catalog }: Pick<Context, 'catalog'>, key: string): DefinitionVersion {
  const version = catalog.definitions.get(key)
  if (version === undefined) throw new ApiError('workflow_missing', { message: `No workflow has the key ${key}` })
  if (!version.definition.active) throw new ApiError('workflow_inactive')
  return version
}

export interface TriggerAcceptance {
  /** In the caller's transaction: locks the key's row and looks at what is pending there. */
  within: (tx: Database) => Promise<Done<TriggerAnswer>>
  /** In one statement by itself; null, and nothing is written, if that cannot do. */
  alone: (idempotent: IdempotentRequest | null) => Promise<Done<TriggerAnswer> | null>
}

/**
 * Accepts a trigger: when this commits it is accepted, whatever happens to Temporal or to this process. Everything that
 * can be refused is refused here, before anything is written.
 */
export function acceptTrigger(
  context: Context,
  version: DefinitionVersion,
  request: TriggerRequest,
): TriggerAcceptance {
  const { outbox, store } = context
  const { key } = version.definition
  const acceptance = judgeTrigger(context, version, request)
  const { workflowRunId, cancelationKey } = acceptance
  const conflict = request.settings?.on_conflict ?? 'join'
  const told = ({ workflowId, signalId, triggerId, message }: AcceptedTrigger, opens: boolean): PendingSignal => {
    const address = { workflowId, definition: key, cancelationKey }
    const { tenant } = acceptance
    return { id: signalId, ...address, tenant, kind: 'trigger', triggerId, message, opens }
  }

  async function within(tx: Database): Promise<Done<TriggerAnswer>> {
    const run = cancelationKey === null ? null : await lockRun(tx, key, cancelationKey, acceptance.acceptedAt)
    const pending = run?.pendingTrigger ?? null
    if (conflict === 'keep' && pending !== null)
      return { answer: { workflow_run_id: pending, kept: true }, signals: [] }
    await storeProfiles(tx, request)
    const replaces = conflict === 'replace' && pending !== null
    const replaced = replaces
      ? await cancelPending(tx, context, addressOf(key, cancelationKey!), { reason: 'replaced' })
      : null
    const joins = pending !== null && !replaces
    const trigger = await insertTrigger(tx, run, acceptance, joins, outbox)
    return {
      answer: {
        workflow_run_id: workflowRunId,
        ...(joins && { joined: true as const }),
        ...(replaced !== null && { replaced: replaced.answer }),
      },
      signals: [...(replaced?.signals ?? []), told(trigger, pending === null)],
    }
  }

  async function alone(idempotent: IdempotentRequest | null): Promise<Done<TriggerAnswer> | null> {
    if (describesProfiles(request) || outbox.endpoints.length > 0) return null
    const answer = { workflow_run_id: workflowRunId }
    const answered = idempotent === null ? null : { ...idempotent, response: answer }
    const trigger = await insertFirstTrigger(store.db, acceptance, answered)
    return trigger === null ? null : { answer, signals: [told(trigger, true)] }
  }

  return { within, alone }
}

function describesProfiles({ recipients, actor, tenant }: TriggerRequest): boolean {
  if (typeof tenant === 'object' && tenant !== null) return true
  return [...recipients, ...(actor == null ? [] : [actor])].some((each) => each.user ?? each.object)
}

/** Everybody the trigger describes is stored first, and read again when something is sent. */
async function storeProfiles(tx: Database, { recipients, actor, tenant }: TriggerRequest): Promise<void> {
  const described = actor == null ? recipients : [...recipients, actor]
  await upsertUsers(
    tx,
    described.flatMap(({ user }) => (user === undefined ? [] : [user])),
  )
  await upsertObjects(
    tx,
    described.flatMap(({ object }) => (object === undefined ? [] : [object])),
  )
  if (typeof tenant !== 'object' || tenant === null) return
  const { id, ...properties } = tenant
  await upsertTenants(tx, [{ id, properties: properties as JsonObject }])
}

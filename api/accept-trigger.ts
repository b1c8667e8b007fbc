import { v4 as uuid } from 'uuid'
import { arriveAtTrigger } from '../definitions/advance.ts'
import type { DefinitionVersion } from '../definitions/definition.ts'
import type { Database } from '../store/database.ts'
import { upsertObjects } from '../store/objects.ts'
import type { JsonObject } from '../store/schema.ts'
import { upsertTenants } from '../store/tenants.ts'
import { insertTrigger, lockRun, type AcceptedRecipient } from '../store/triggers.ts'
import { upsertUsers } from '../store/users.ts'
import type { Verdict } from '../store/verdict.ts'
import { addressOf, cancelPending } from './cancel-pending.ts'
import { ApiError, invalid, type FieldError } from './errors.ts'
import type { Done } from './idempotency.ts'
import type { Context } from './route.ts'
import { keyOf } from './schemas/cancelation-key.ts'
import type { RequestedRecipient } from './schemas/recipient-request.ts'
import type { TriggerRequest } from './schemas/trigger.ts'

const MAX_RECIPIENTS = 10_000

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

/**
 * Accepts a trigger: when this commits it is accepted, whatever happens to Temporal or to this process. Everything that
 * can be refused is refused before anything is written.
 */
export function acceptTrigger(context: Context, version: DefinitionVersion, request: TriggerRequest) {
  const { now, apiKey, outbox } = context
  const acceptedAt = now()
  // Of several with one id the last counts; a fault is named by its place in the request.
  const requested = [...new Map(request.recipients.map((each, index) => [each.key, { ...each, index }])).values()]
  if (requested.length > MAX_RECIPIENTS) {
    throw invalid(
      'recipients',
      `names ${requested.length} recipients, and one trigger takes ${MAX_RECIPIENTS}`,
      'length',
    )
  }
  const skipDelay = request.settings?.skip_delay ?? false
  const recipients = plan(version, requested, request.data, acceptedAt, skipDelay)
  const cancelationKey = keyOf(request)
  const conflict = request.settings?.on_conflict ?? 'join'

  return async (tx: Database): Promise<Done<TriggerAnswer>> => {
    const { key } = version.definition
    const run = cancelationKey === null ? null : await lockRun(tx, key, cancelationKey)
    const pending = run?.pendingTrigger ?? null
    if (conflict === 'keep' && pending !== null)
      return { answer: { workflow_run_id: pending, kept: true }, signals: [] }
    await storeProfiles(tx, request)
    const replaces = conflict === 'replace' && pending !== null
    const replaced = replaces
      ? await cancelPending(tx, context, addressOf(key, cancelationKey!), { reason: 'replaced' })
      : null
    const workflowRunId = uuid()
    const accepted = {
      version,
      workflowRunId,
      cancelationKey,
      recipients,
      actor: request.actor?.key ?? null,
      tenant: typeof request.tenant === 'object' ? (request.tenant?.id ?? null) : (request.tenant ?? null),
      data: request.data,
      skipDelay,
      sandboxMode: request.settings?.sandbox_mode ?? false,
      apiKey,
      acceptedAt,
    }
    const joins = pending !== null && !replaces
    const { triggerId, workflowId, signalId, message } = await insertTrigger(tx, run, accepted, joins, outbox)
    const address = { workflowId, definition: key, cancelationKey }
    return {
      answer: {
        workflow_run_id: workflowRunId,
        ...(joins && { joined: true as const }),
        ...(replaced !== null && { replaced: replaced.answer }),
      },
      signals: [...(replaced?.signals ?? []), { id: signalId, ...address, kind: 'trigger', triggerId, message }],
    }
  }
}

/** Where each recipient begins. Delays that the trigger alone settles are planned here, and refused here. */
function plan(
  version: DefinitionVersion,
  requested: (RequestedRecipient & { index: number })[],
  data: JsonObject,
  from: number,
  skipDelay: boolean,
): AcceptedRecipient[] {
  const { definition } = version
  const fields = new Map<string, FieldError>()
  const begin = (own: JsonObject | null, index: number) => {
    const arrival = arriveAtTrigger(definition, from, { data: { ...data, ...own } }, { skipDelay })
    if (arrival.kind === 'waiting') return arrival
    if (arrival.kind === 'problem') {
      // The value at fault is the recipient's own, or the one that all share: told once.
      const [, name, ...rest] = arrival.field.split('.')
      const isOwn = own !== null && Object.hasOwn(own, name!)
      const field = isOwn ? [`recipients[${index}]`, '$trigger_data', name, ...rest].join('.') : arrival.field
      if (!fields.has(field)) fields.set(field, { field, message: arrival.problem, type: 'invalid' })
    }
    return { step: 0, due: from }
  }
  const common = requested.some(({ triggerData }) => triggerData === null) ? begin(null, 0) : null
  const recipients = requested.map(({ key, triggerData, index }) => {
    const { step, due } = triggerData === null ? common! : begin(triggerData, index)
    return { key, triggerData, step, due }
  })
  if (fields.size > 0) throw new ApiError('invalid_params', { fields: [...fields.values()].slice(0, 100) })
  return recipients
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

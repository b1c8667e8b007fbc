import { v4 as uuid } from 'uuid'
import { beginAt } from '../steps/at-trigger.ts'
import { compileTriggerSchema, type TriggerSchema } from '../definitions/trigger-schema.ts'
import type { DefinitionVersion } from '../definitions/definition.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { Acceptance, AcceptedRecipient } from '../store/triggers/trigger-rows.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { EngineError, invalidField, type FieldError } from './errors.ts'
import type { TriggerRecipient, TriggerRequest } from './trigger-request.ts'

const MAX_RECIPIENTS = 10_000
const MAX_FAULTS = 100

/** Where a recipient begins. */
export type Place = Pick<AcceptedRecipient, 'step' | 'phase' | 'due'>

export interface PlannedTrigger {
  acceptance: Acceptance
  /** Where those begin who have no data of their own: subscribers of an object that is named do. */
  common: Place | null
}

/** Whether a recipient's key is an object's, which may have subscribers. */
export const isObject = (key: string): boolean => typeof recipientReference(key) !== 'string'

/**
 * What a trigger asks to be written. Writes nothing itself. Throws `invalid_params` for everything that can be refused:
 * more than 10,000 recipients, delays that cannot work; at most 100 faults are named.
 */
export function planTrigger(
  { now }: Pick<EngineDeps, 'now'>,
  { apiKey, trace }: Caller,
  version: DefinitionVersion,
  request: TriggerRequest,
): PlannedTrigger {
  const acceptedAt = now()
  // Of several with one id the last counts; a fault is named by its place in the request.
  const requested = [...new Map(request.recipients.map((each, index) => [each.key, { ...each, index }])).values()]
  if (requested.length > MAX_RECIPIENTS) {
    throw invalidField(
      'recipients',
      `names ${requested.length} recipients, and one trigger takes ${MAX_RECIPIENTS}`,
      'length',
    )
  }
  const { skipDelay, sandboxMode } = request
  const { recipients, common } = planRecipients(version, requested, request.data, acceptedAt, skipDelay)
  const acceptance = {
    version,
    workflowRunId: uuid(),
    cancelationKey: request.cancelationKey,
    recipients,
    actor: request.actor?.key ?? null,
    tenant: request.tenant?.id ?? null,
    data: request.data,
    skipDelay,
    sandboxMode,
    apiKey,
    trace,
    cause: request.cause,
    scheduleId: request.scheduleId,
    acceptedAt,
  }
  return { acceptance, common }
}

/** Where each recipient begins. Delays that the trigger alone settles are planned here, and refused here. */
function planRecipients(
  version: DefinitionVersion,
  requested: (TriggerRecipient & { index: number })[],
  data: JsonObject,
  from: number,
  skipDelay: boolean,
): { recipients: AcceptedRecipient[]; common: Place | null } {
  const { definition } = version
  const fields = new Map<string, FieldError>()
  const schema = schemaOf(version)
  const begin = (own: JsonObject | null, index: number) => {
    for (const violation of schema?.violations({ ...data, ...own }) ?? []) {
      const name = /^data\.([^.[]+)/.exec(violation.field)?.[1]
      const isOwn = own !== null && name !== undefined && Object.hasOwn(own, name)
      const field = isOwn ? violation.field.replace('data', `recipients[${index}].$trigger_data`) : violation.field
      const fault = { ...violation, field }
      fields.set(`${field} ${fault.message}`, fault)
    }
    const beginning = beginAt(definition, from, { data: { ...data, ...own }, skipDelay })
    if ('problem' in beginning) {
      // The value at fault is the recipient's own, or the one that all share: told once.
      const [, name, ...rest] = beginning.field.split('.')
      const isOwn = own !== null && Object.hasOwn(own, name!)
      const field = isOwn ? [`recipients[${index}]`, '$trigger_data', name, ...rest].join('.') : beginning.field
      if (!fields.has(field)) fields.set(field, { field, message: beginning.problem, type: 'invalid' })
    } else return beginning
    return { step: 0, phase: 'enter' as const, due: from }
  }
  const isShared = requested.some(({ key, triggerData }) => triggerData === null || isObject(key))
  const common = isShared ? begin(null, 0) : null
  const recipients = requested.map(({ key, triggerData, index }) => {
    const { step, phase, due } = triggerData === null ? common! : begin(triggerData, index)
    return { key, triggerData, step, phase, due }
  })
  if (fields.size > 0) throw new EngineError('invalid_params', { fields: [...fields.values()].slice(0, MAX_FAULTS) })
  return { recipients, common }
}

function schemaOf({ definition }: DefinitionVersion): TriggerSchema | null {
  const compiled = compileTriggerSchema(definition.triggerSchema)
  if (compiled === null) return null
  if ('schema' in compiled) return compiled.schema
  throw new Error(`trigger_data_json_schema of ${definition.key} ${compiled.problem}`)
}

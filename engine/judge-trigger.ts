import { v4 as uuid } from 'uuid'
import { beginAt } from '../steps/at-trigger.ts'
import type { DefinitionVersion } from '../definitions/definition.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { Acceptance, AcceptedRecipient } from '../store/triggers/trigger-rows.ts'
import { ApiError, invalid, type FieldError } from '../api/http/errors.ts'
import type { Context } from '../api/http/route.ts'
import { keyOf } from '../api/requests/cancelation-key.ts'
import type { RequestedRecipient } from '../api/requests/recipient-request.ts'
import type { TriggerRequest } from '../api/requests/trigger.ts'

const MAX_RECIPIENTS = 10_000

/**
 * What a request asks to be written. Everything that can be refused is refused here: recipients that are too many, delays
 * that cannot work.
 */
export function judgeTrigger(
  { now, apiKey }: Pick<Context, 'now' | 'apiKey'>,
  version: DefinitionVersion,
  request: TriggerRequest,
): Acceptance {
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
  return {
    version,
    workflowRunId: uuid(),
    cancelationKey: keyOf(request),
    recipients: plan(version, requested, request.data, acceptedAt, skipDelay),
    actor: request.actor?.key ?? null,
    tenant: typeof request.tenant === 'object' ? (request.tenant?.id ?? null) : (request.tenant ?? null),
    data: request.data,
    skipDelay,
    sandboxMode: request.settings?.sandbox_mode ?? false,
    apiKey,
    acceptedAt,
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
    const beginning = beginAt(definition, from, { data: { ...data, ...own } }, { skipDelay })
    if ('problem' in beginning) {
      // The value at fault is the recipient's own, or the one that all share: told once.
      const [, name, ...rest] = beginning.field.split('.')
      const isOwn = own !== null && Object.hasOwn(own, name!)
      const field = isOwn ? [`recipients[${index}]`, '$trigger_data', name, ...rest].join('.') : beginning.field
      if (!fields.has(field)) fields.set(field, { field, message: beginning.problem, type: 'invalid' })
    } else return beginning
    return { step: 0, phase: 'enter' as const, due: from }
  }
  const common = requested.some(({ triggerData }) => triggerData === null) ? begin(null, 0) : null
  const recipients = requested.map(({ key, triggerData, index }) => {
    const { step, phase, due } = triggerData === null ? common! : begin(triggerData, index)
    return { key, triggerData, step, phase, due }
  })
  if (fields.size > 0) throw new ApiError('invalid_params', { fields: [...fields.values()].slice(0, 100) })
  return recipients
}

import { z } from 'zod'
import { tenantOfTrigger } from '../../engine/tenant-request.ts'
import type { TriggerRequest } from '../../engine/trigger-request.ts'
import { keyFields, keyOf, oneKey } from './cancelation-key.ts'
import { recipientRequest } from '../../engine/recipient-request.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { workflowKey } from '../../resources/ids.ts'
import { jsonObject } from '../../resources/json-object.ts'
import { verdict } from '../../resources/verdict.ts'

/** Some may be named twice; of different ones a trigger takes 10,000. */
const MAX_RECIPIENTS = 20_000
const MAX_DATA_BYTES = 10 * 1024 * 1024

const data = jsonObject
  .nullish()
  .transform((given) => given ?? {})
  .refine((given) => Buffer.byteLength(JSON.stringify(given)) <= MAX_DATA_BYTES, {
    message: 'must be at most 10 MB as JSON',
    params: { type: 'length' },
  })
  .describe('What templates and delays see as data')

const tenant = tenantOfTrigger.nullish().describe('Recorded with the trigger; with properties, stored first')

const common = {
  recipients: boundedList(recipientRequest, {
    min: 1,
    max: MAX_RECIPIENTS,
    tooFew: 'must name at least one recipient',
    tooMany: 'has more than 20,000 entries',
  }),
  actor: recipientRequest.nullish(),
  data,
  tenant,
  settings: z
    .object({
      skip_delay: z.boolean().nullish().describe('Passes over every delay'),
      sandbox_mode: z.boolean().nullish().describe('Carries everything out but sends nothing: messages are not_sent'),
      on_conflict: z
        .enum(['join', 'replace', 'keep'])
        .nullish()
        .describe('What happens to what is pending under the key: joined (default), canceled first, or kept instead'),
    })
    .nullish(),
  ...keyFields,
}

export const triggerRequest = z.object(common).superRefine(oneKey).meta({ id: 'TriggerRequest' })
export const notifyRequest = z
  .object({ name: workflowKey.describe('The key of the definition'), ...common })
  .superRefine(oneKey)
  .meta({ id: 'NotifyRequest' })

/** What a body asks of the engine. */
export function triggerOf(body: z.output<typeof triggerRequest>): TriggerRequest {
  const { recipients, actor, data, tenant, settings } = body
  return {
    recipients,
    actor: actor ?? null,
    data,
    tenant: tenant ?? null,
    cancelationKey: keyOf(body),
    onConflict: settings?.on_conflict ?? 'join',
    skipDelay: settings?.skip_delay ?? false,
    sandboxMode: settings?.sandbox_mode ?? false,
  }
}

const conflict = {
  joined: z.literal(true).optional().describe('Somebody was pending under the key'),
  replaced: verdict.optional().describe('What on_conflict: replace took out'),
  kept: z.literal(true).optional().describe('on_conflict: keep found somebody pending, and nothing was stored'),
}

export const triggerResponse = z.object({ workflow_run_id: z.uuid(), ...conflict }).meta({ id: 'TriggerResponse' })
export const notifyResponse = z.object({ result_id: z.uuid(), ...conflict }).meta({ id: 'NotifyResponse' })

import { z } from 'zod'
import { recipientReferenceRequest } from '../../engine/recipient-request.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { jsonObject } from '../../resources/json-object.ts'

const MAX_RECIPIENTS = 1_000
const MAX_DATA_BYTES = 262_144

export const eventRequest = z
  .strictObject({
    event: z
      .string()
      .min(1, 'must not be empty')
      .max(255, 'must have at most 255 characters')
      .describe('The event_key that waits name'),
    data: jsonObject
      .nullish()
      .transform((given) => given ?? {})
      .refine((given) => Buffer.byteLength(JSON.stringify(given)) <= MAX_DATA_BYTES, {
        message: 'must be at most 256 kB as JSON',
        params: { type: 'length' },
      })
      .describe('What match_conditions see as event'),
    recipients: boundedList(recipientReferenceRequest, {
      min: 1,
      max: MAX_RECIPIENTS,
      tooFew: 'must name at least one recipient; leave it out for everybody',
      tooMany: 'has more than 1,000 entries',
    })
      .nullish()
      .describe('Whom it is about. Left out: everybody who waits for it'),
  })
  .meta({ id: 'EventRequest' })

export const eventResponse = z
  .object({
    event_id: z.uuid(),
    offered: z.int().describe('Recipient runs that wait for such an event: whether it matches, each finds out'),
  })
  .meta({ id: 'EventResponse' })

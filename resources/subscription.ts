import { z } from 'zod'
import type { SubscriptionRow } from '../store/profiles/subscriptions.ts'
import { jsonObject } from './json-object.ts'
import { object, objectOf, recipient, recipientOf, type Profile } from './recipient.ts'

/** Of each subscription that a call makes. */
const MAX_BYTES = 16_384

export const subscriptionProperties = jsonObject
  .refine((given) => Buffer.byteLength(JSON.stringify(given)) <= MAX_BYTES, {
    message: 'must be at most 16 kB as JSON',
    params: { type: 'length' },
  })
  .meta({ type: 'object', additionalProperties: true })

export const subscription = z
  .object({
    __typename: z.literal('Subscription'),
    object,
    recipient,
    properties: jsonObject,
    inserted_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Subscription', description: 'Who is told what an object is told' })

/** `profileOf` knows of both sides, by their keys. */
export function subscriptionOf(
  row: SubscriptionRow,
  profileOf: (key: string) => Profile | null,
): z.input<typeof subscription> {
  return {
    __typename: 'Subscription',
    object: objectOf(row.object, profileOf(row.object), row.inserted_at),
    recipient: recipientOf(row.recipient, profileOf(row.recipient), row.inserted_at),
    properties: row.properties,
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  }
}

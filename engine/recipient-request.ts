import { z } from 'zod'
import { readsWithin } from '../settings/schemas-within.ts'
import { toldWithin } from '../settings/told-within.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { recipientKey, type RecipientReference } from '../store/ids/recipient.ts'
import type { TriggerRecipient } from './trigger-request.ts'
import { jsonObject } from '../resources/json-object.ts'
import { looseObject } from '../resources/loose-object.ts'
import { collectionName as collection, objectId, userId } from '../resources/ids.ts'
import { profileRequest } from '../resources/user.ts'

/** A user's id, or an object's collection and id. */
export const recipientReferenceRequest = toldWithin(
  z.union([userId, z.object({ collection, id: objectId })], 'must be a user id, or {collection, id}'),
).transform((reference): RecipientReference => reference)

const inlineRecipient = looseObject({
  id: z.string(),
  collection: collection.optional(),
  $trigger_data: jsonObject.nullish().describe('Laid over data for this recipient'),
  channel_data: jsonObject.nullish().describe('By channel id: replaces what was known of the recipient there'),
}).transform((given, context): TriggerRecipient => {
  const { id, collection, $trigger_data, ...properties } = given
  const triggerData = $trigger_data ?? null
  const checkedId = (collection === undefined ? userId : objectId).safeParse(id, { error: zodErrorMap })
  const checked = profileRequest.safeParse(properties, { error: zodErrorMap })
  for (const issue of checkedId.error?.issues ?? []) context.addIssue({ ...issue, path: ['id'] })
  for (const issue of checked.error?.issues ?? []) context.addIssue({ ...issue })
  const stored = checked.data ?? { properties: {}, channelData: undefined, preferences: undefined }
  if (collection !== undefined) {
    const key = recipientKey({ collection, id })
    return { key, object: { collection, id, ...stored }, triggerData }
  }
  // An id alone names a user and identifies nothing.
  const apart = stored.channelData ?? stored.preferences
  const named = Object.keys(stored.properties).length === 0 && apart === undefined
  return { key: id, ...(named ? {} : { user: { id, ...stored } }), triggerData }
})

readsWithin(inlineRecipient, profileRequest)

export const recipientRequest = toldWithin(
  z.union(
    [userId.transform((id): TriggerRecipient => ({ key: id, triggerData: null })), inlineRecipient],
    'must be a user id, or an object with an id',
  ),
).meta({ id: 'RecipientRequest', description: 'A user id, a user with properties to store, or an object' })

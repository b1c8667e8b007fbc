import { recipientKey, type RecipientReference } from '../store/ids/recipient.ts'
import type { Database } from '../store/postgres/database.ts'
import { upsertObjects, type ObjectReference } from '../store/profiles/objects.ts'
import { deleteSubscriptions, putSubscriptions, type SubscriptionRow } from '../store/profiles/subscriptions.ts'
import type { EngineDeps } from './deps.ts'
import { mergedInto } from '../store/profiles/merged-users.ts'
import { meantRecipients } from './merged-recipients.ts'
import { storeRecipients } from './store-profiles.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { TriggerRecipient } from './trigger-request.ts'

/** In one call, to one object. */
export const MAX_SUBSCRIBERS = 1_000

export interface SubscriptionRequest {
  object: ObjectReference
  recipients: readonly TriggerRecipient[]
  /** Left out: new ones have none, and those there are keep theirs. */
  properties?: JsonObject | undefined
}

/** Subscribes recipients to objects, in the caller's transaction; who is described is stored first, and the objects are made. */
export async function addSubscriptions(
  tx: Database,
  requests: readonly SubscriptionRequest[],
  deps: Pick<EngineDeps, 'now' | 'outbox'>,
): Promise<SubscriptionRow[]> {
  const all = await meantRecipients(
    tx,
    requests.flatMap(({ recipients }, index) => recipients.map((recipient) => ({ ...recipient, index }))),
  )
  await storeRecipients(tx, all, deps)
  await upsertObjects(
    tx,
    requests.map(({ object }) => ({ ...object, properties: {} })),
  )
  const given = all.map(({ key, index }) => {
    const { object, properties } = requests[index]!
    return { object: recipientKey(object), recipient: key, properties }
  })
  return putSubscriptions(tx, given, deps.now())
}

/** Removes subscriptions, in the caller's transaction; those that are none are left out of the answer. */
export async function removeSubscriptions(
  tx: Database,
  given: readonly { object: RecipientReference; recipient: RecipientReference }[],
): Promise<SubscriptionRow[]> {
  const pairs = given.map(({ object, recipient }) => ({
    object: recipientKey(object),
    recipient: recipientKey(recipient),
  }))
  const merged = await mergedInto(
    tx,
    pairs.map(({ recipient }) => recipient),
  )
  return deleteSubscriptions(
    tx,
    pairs.map(({ object, recipient }) => ({ object, recipient: merged.get(recipient) ?? recipient })),
  )
}

import { recipientKey } from '../store/ids/recipient.ts'
import type { Database } from '../store/postgres/database.ts'
import { upsertObjects, type ObjectReference } from '../store/profiles/objects.ts'
import { putSubscriptions, type SubscriptionRow } from '../store/profiles/subscriptions.ts'
import type { EngineDeps } from './deps.ts'
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
  await storeRecipients(
    tx,
    requests.flatMap(({ recipients }) => recipients),
    deps,
  )
  await upsertObjects(
    tx,
    requests.map(({ object }) => ({ ...object, properties: {} })),
  )
  const given = requests.flatMap(({ object, recipients, properties }) =>
    recipients.map(({ key }) => ({ object: recipientKey(object), recipient: key, properties })),
  )
  return putSubscriptions(tx, given, deps.now())
}

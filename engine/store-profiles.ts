import { upsertObjects } from '../store/profiles/objects.ts'
import { upsertTenants } from '../store/profiles/tenants.ts'
import { upsertUsers } from '../store/profiles/users.ts'
import type { Database } from '../store/postgres/database.ts'
import { offerChanges } from '../store/waits/offer-events.ts'
import type { EngineDeps } from './deps.ts'
import type { TriggerRecipient, TriggerRequest } from './trigger-request.ts'

/** Whether a trigger describes anybody, so that there is something to store before it. */
export function describesProfiles({ recipients, actor, tenant }: TriggerRequest): boolean {
  if (tenant?.described != null) return true
  return [...recipients, ...(actor === null ? [] : [actor])].some((each) => each.user ?? each.object)
}

/** Stores everybody the trigger describes, in the caller's transaction; they are read again when something is sent. */
export async function storeProfiles(
  tx: Database,
  { recipients, actor, tenant }: TriggerRequest,
  deps: Pick<EngineDeps, 'now' | 'outbox'>,
): Promise<void> {
  await storeRecipients(tx, actor === null ? recipients : [...recipients, actor], deps)
  if (tenant?.described != null) await upsertTenants(tx, [{ id: tenant.id, ...tenant.described }])
}

/** Stores those of these recipients that are described, in the caller's transaction. */
export async function storeRecipients(
  tx: Database,
  described: readonly TriggerRecipient[],
  { now, outbox }: Pick<EngineDeps, 'now' | 'outbox'>,
): Promise<void> {
  const users = await upsertUsers(
    tx,
    described.flatMap(({ user }) => (user === undefined ? [] : [user])),
  )
  const objects = await upsertObjects(
    tx,
    described.flatMap(({ object }) => (object === undefined ? [] : [object])),
  )
  await offerChanges(tx, [...users, ...objects], now(), outbox)
}

import { upsertObjects } from '../store/profiles/objects.ts'
import { upsertTenants } from '../store/profiles/tenants.ts'
import { upsertUsers } from '../store/profiles/users.ts'
import type { Database } from '../store/postgres/database.ts'
import { tellChanges } from '../store/waits/tell-waits.ts'
import type { EngineDeps } from './deps.ts'
import type { TriggerRequest } from './trigger-request.ts'

/** Whether a trigger describes anybody, so that there is something to store before it. */
export function describesProfiles({ recipients, actor, tenant }: TriggerRequest): boolean {
  if (tenant?.properties != null) return true
  return [...recipients, ...(actor === null ? [] : [actor])].some((each) => each.user ?? each.object)
}

/** Stores everybody the trigger describes, in the caller's transaction; they are read again when something is sent. */
export async function storeProfiles(
  tx: Database,
  { recipients, actor, tenant }: TriggerRequest,
  { now, outbox }: Pick<EngineDeps, 'now' | 'outbox'>,
): Promise<void> {
  const described = actor === null ? recipients : [...recipients, actor]
  const users = await upsertUsers(
    tx,
    described.flatMap(({ user }) => (user === undefined ? [] : [user])),
  )
  const objects = await upsertObjects(
    tx,
    described.flatMap(({ object }) => (object === undefined ? [] : [object])),
  )
  if (tenant?.properties != null) await upsertTenants(tx, [{ id: tenant.id, properties: tenant.properties }])
  await tellChanges(tx, [...users, ...objects], now(), outbox)
}

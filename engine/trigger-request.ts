import type { StoredObject } from '../store/profiles/objects.ts'
import type { Tenant } from '../store/profiles/tenants.ts'
import type { User } from '../store/profiles/users.ts'
import type { Cause } from '../store/triggers/caused-by.ts'
import type { JsonObject } from '../store/schema/index.ts'

/** A recipient of a trigger: whom it is, what is to be stored of them first, and what their templates see beside `data`. */
export interface TriggerRecipient {
  /** As store/ids/recipient.ts writes it. */
  key: string
  user?: User
  object?: StoredObject
  triggerData: JsonObject | null
}

/** What one trigger asks for, checked field by field by whoever read it. */
export interface TriggerRequest {
  recipients: TriggerRecipient[]
  actor: TriggerRecipient | null
  /** Described, it is stored first. */
  tenant: { id: string; described: Omit<Tenant, 'id'> | null } | null
  data: JsonObject
  /** Null: a run of its own. */
  cancelationKey: string | null
  /** What happens to what is pending under the key: joined, canceled first, or kept instead. */
  onConflict: 'join' | 'replace' | 'keep'
  skipDelay: boolean
  sandboxMode: boolean
  /** The step of a recipient run that asks; absent: a caller does. */
  cause?: Cause
  /** The schedule whose occurrence it is: for its recipient alone, without the subscribers of an object. Absent: none's. */
  scheduleId?: string
}

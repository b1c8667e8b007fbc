import { recipientReference } from '../store/ids/recipient.ts'
import type { StoredProfile } from '../store/profiles/stored-profile.ts'
import type { Subject } from '../templates/scope.ts'

/** A user or an object by their key, with what is known of them. */
export function subject(key: string, profiles: Profiles): Subject {
  const reference = recipientReference(key)
  return { ...(typeof reference === 'string' ? { id: reference } : reference), ...known(key, profiles) }
}

/** A tenant as templates and conditions see it; one that nobody described has its id alone. */
export function tenantSubject(id: string, profiles: Profiles): Subject {
  return { id, ...known(id, profiles) }
}

type Profiles = ReadonlyMap<string, Omit<StoredProfile, 'id'>>

function known(key: string, profiles: Profiles): Pick<Subject, 'properties' | 'createdAt'> {
  const stored = profiles.get(key)
  return stored === undefined ? { properties: {} } : { properties: stored.properties, createdAt: stored.created_at }
}

import { recipientReference } from '../store/ids/recipient.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { Subject } from '../templates/scope.ts'

/** A user or an object by their key, with what is known of them. */
export function subject(key: string, properties: ReadonlyMap<string, JsonObject>): Subject {
  const reference = recipientReference(key)
  const known = properties.get(key) ?? {}
  return typeof reference === 'string' ? { id: reference, properties: known } : { ...reference, properties: known }
}

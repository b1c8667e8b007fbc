/** A recipient as callers write one: a user's id, or an object's collection and id. */
export type RecipientReference = string | { collection: string; id: string }

/** The collection by which tenants are objects. */
export const TENANTS = '$tenants'

/** A recipient in one text: a user's id, or `collection#id`. Injective, since neither a user id nor a collection holds `#`. */
export function recipientKey(reference: RecipientReference): string {
  return typeof reference === 'string' ? reference : `${reference.collection}#${reference.id}`
}

/** The reverse of `recipientKey`. */
export function recipientReference(key: string): RecipientReference {
  const hash = key.indexOf('#')
  return hash === -1 ? key : { collection: key.slice(0, hash), id: key.slice(hash + 1) }
}

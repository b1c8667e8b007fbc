import { z } from 'zod'
import { recipientReference } from '../store/ids/recipient.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { jsonObject } from './json-object.ts'
import { looseObject } from './loose-object.ts'

export const reference = z
  .union([z.string(), z.object({ collection: z.string(), id: z.string() })])
  .meta({ id: 'RecipientReference', description: 'A user’s id, or an object’s collection and id' })

const text = z.string().nullable()

/** What a user or object is known by; any other field is a property of its own. Null clears. */
export const knownProperties = { name: text, email: text, phone_number: text, avatar: text, timezone: text }

export const user = looseObject({
  __typename: z.literal('User'),
  id: z.string(),
  ...knownProperties,
  created_at: text.describe('As the caller set it; null otherwise'),
  updated_at: z.string().describe('Of an id that was never identified: when what names it was made'),
}).meta({ id: 'User', description: 'Properties of its own stand beside the known ones' })

export const object = looseObject({
  __typename: z.literal('Object'),
  id: z.string(),
  collection: z.string(),
  properties: jsonObject,
  created_at: text,
  updated_at: z.string(),
}).meta({ id: 'Object' })

export const recipient = z.union([user, object]).meta({ id: 'Recipient' })

export interface Profile {
  properties: JsonObject
  created_at: string | null
  updated_at: string | null
}

/**
 * A user in full, or what is known of one who was never stored: the id, and that they are named by something made at
 * `since`. Clients with types take no user without an instant.
 */
export function userOf(id: string, profile: Profile | null, since: string): z.infer<typeof user> {
  const none = { name: null, email: null, phone_number: null, avatar: null, timezone: null, created_at: null }
  return { ...none, ...profile?.properties, __typename: 'User', id, updated_at: profile?.updated_at ?? since }
}

/** The user or object of a recipient key (store/ids/recipient.ts). */
export function recipientOf(key: string, profile: Profile | null, since: string): z.infer<typeof recipient> {
  const who = recipientReference(key)
  return typeof who === 'string' ? userOf(who, profile, since) : objectOf(key, profile, since)
}

/** The object of a key (store/ids/recipient.ts), which must be an object's. */
export function objectOf(key: string, profile: Profile | null, since: string): z.infer<typeof object> {
  const who = recipientReference(key) as { collection: string; id: string }
  return {
    __typename: 'Object',
    ...who,
    properties: profile?.properties ?? {},
    created_at: profile?.created_at ?? null,
    updated_at: profile?.updated_at ?? since,
  }
}

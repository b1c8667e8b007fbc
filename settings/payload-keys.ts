import { createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'

const FORM = 'must be id:key with commas between them, each key 32 bytes in base64: openssl rand -base64 32'

/** Keys by their ids, the one that encrypts first. */
export type PayloadKeys = ReadonlyMap<string, KeyObject>

/**
 * BELAY_PAYLOAD_KEYS: AES-256 keys of what Temporal is given. The first encrypts and all decrypt, so that a new key is put
 * in front and an old one stays until no run is left that was written under it.
 */
export const payloadKeys = z
  .string()
  .transform((text, context): PayloadKeys => {
    const keys = new Map<string, KeyObject>()
    for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
      const [, id, encoded] = /^\s*([\w.-]{1,64}):([A-Za-z0-9+/_=-]{43,44})\s*$/.exec(entry) ?? []
      const bytes = Buffer.from(encoded ?? '', 'base64')
      if (id === undefined || bytes.length !== 32 || keys.has(id)) {
        const message = id !== undefined && keys.has(id) ? `names the key ${id} twice` : FORM
        context.addIssue({ code: 'custom', message })
        return z.NEVER
      }
      keys.set(id, createSecretKey(bytes))
    }
    return keys
  })
  .default(new Map())

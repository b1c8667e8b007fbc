import { createHash } from 'node:crypto'
import { ksuid } from '../store/ids/ksuid.ts'

/** A KSUID made of what something of a message is, so that it has the same one at every reading. */
export function derivedId(messageId: string, key: string, insertedAt: string): string {
  const hash = createHash('sha256').update(`${messageId} ${key}`).digest()
  const payload = [hash.readUInt32BE(0), hash.readUInt32BE(4), hash.readUInt32BE(8), hash.readUInt32BE(12)] as const
  return ksuid(new Date(insertedAt), payload)
}

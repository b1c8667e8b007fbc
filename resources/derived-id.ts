import { createHash } from 'node:crypto'
import { ksuid } from '../store/ids/ksuid.ts'

/** A KSUID made of what something of a message is, so that it has the same one at every reading. */
export function derivedId(messageId: string, key: string, insertedAt: string): string {
  const { buffer, byteOffset } = createHash('sha256').update(`${messageId} ${key}`).digest()
  return ksuid(new Date(insertedAt), new DataView(buffer, byteOffset, 16))
}

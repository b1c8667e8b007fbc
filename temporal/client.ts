import { Client, type ConnectionLike } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import type { PayloadKeys } from '../settings/payload-keys.ts'
import { EncryptionCodec } from './payload-codec.ts'

/** Every client and worker of one deployment has the same. Without keys nothing is encrypted, and nothing can be read that was. */
export function dataConverter(keys: PayloadKeys): DataConverter {
  return { payloadCodecs: [new EncryptionCodec(keys)] }
}

export interface ClientOptions {
  connection: ConnectionLike
  namespace: string
  keys: PayloadKeys
}

/** A client that reads and writes payloads as this deployment does. */
export function openClient({ connection, namespace, keys }: ClientOptions): Client {
  return new Client({ connection, namespace, dataConverter: dataConverter(keys) })
}

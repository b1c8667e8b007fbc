import type { Payload, PayloadCodec } from '@temporalio/common'
import proto from '@temporalio/proto'
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto'
import { SettingsError } from '../settings/settings.ts'
import type { PayloadKeys } from '../settings/payload-keys.ts'

const ENCODING = 'binary/encrypted'
const CIPHER = 'aes-256-gcm'
/** Of AES-GCM, bytes: a nonce never comes twice, and the tag proves that nothing was changed. */
const NONCE = 12
const TAG = 16

const { Payload: Form } = proto.temporal.api.common.v1
const text = new TextDecoder()
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value)

/**
 * Encrypts what Temporal keeps of runs and activities: inputs, results, signals, memos and what the Web UI shows of a run.
 * IDs of workflows and search attributes stay readable: Temporal finds runs by them. What was written without a key is
 * read as it is. A payload whose key is missing throws a SettingsError, and one that was changed an Error.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: PayloadKeys

  constructor(keys: PayloadKeys) {
    this.#keys = keys
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const [first] = this.#keys
    return Promise.resolve(first === undefined ? payloads : payloads.map((payload) => encrypt(payload, ...first)))
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.#decrypt(payload)))
  }

  #decrypt(payload: Payload): Payload {
    const { encoding, 'encryption-key-id': keyId } = payload.metadata ?? {}
    if (encoding == null || text.decode(encoding) !== ENCODING) return payload
    const id = keyId == null ? '' : text.decode(keyId)
    const key = this.#keys.get(id)
    if (key === undefined) {
      throw new SettingsError(
        `BELAY_PAYLOAD_KEYS lacks the key ${id}, with which Temporal was given what is to be read now`,
      )
    }
    const data = payload.data ?? new Uint8Array()
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE), { authTagLength: TAG })
    decipher.setAuthTag(data.subarray(data.length - TAG))
    const plain = Buffer.concat([decipher.update(data.subarray(NONCE, data.length - TAG)), decipher.final()])
    return Form.decode(plain)
  }
}

function encrypt(payload: Payload, id: string, key: KeyObject): Payload {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG })
  const data = Buffer.concat([nonce, cipher.update(Form.encode(payload).finish()), cipher.final(), cipher.getAuthTag()])
  const metadata = { encoding: ENCODING, 'encryption-cipher': CIPHER, 'encryption-key-id': id }
  return { metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, bytesOf(value)])), data }
}

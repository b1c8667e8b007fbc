import { parse } from 'uuid'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const KSUID_EPOCH_S = 1_400_000_000
const LENGTH = 27

export interface MessageKey {
  recipientRunId: number
  step: number
}

/**
 * A message's public id: a KSUID (27 base62 digits: 4 bytes of time, 16 of payload) made of the trigger's acceptance, 8
 * bytes of its UUID, the row id and the step. The same message has the same id at every attempt, before it is stored.
 */
export function messageId(trigger: { workflowRunId: string; acceptedAt: Date }, key: MessageKey): string {
  const bytes = new DataView(new ArrayBuffer(20))
  bytes.setUint32(0, Math.floor(trigger.acceptedAt.getTime() / 1_000) - KSUID_EPOCH_S)
  parse(trigger.workflowRunId)
    .subarray(0, 8)
    .forEach((byte, i) => bytes.setUint8(4 + i, byte))
  bytes.setBigUint64(12, (BigInt(key.recipientRunId) << 8n) | BigInt(key.step))
  let number = (BigInt(bytes.getUint32(0)) << 128n) | (bytes.getBigUint64(4) << 64n) | bytes.getBigUint64(12)
  let id = ''
  for (let i = 0; i < LENGTH; i += 1) {
    id = DIGITS[Number(number % 62n)]! + id
    number /= 62n
  }
  return id
}

/** Where a message with this id would lie, or null if it cannot be one. The caller compares the id made again from the row found. */
export function keyOfMessageId(id: string): MessageKey | null {
  if (!/^[0-9A-Za-z]{27}$/.test(id)) return null
  let number = 0n
  for (const digit of id) number = number * 62n + BigInt(DIGITS.indexOf(digit))
  const low = number & 0xffff_ffff_ffff_ffffn
  const recipientRunId = Number(low >> 8n)
  return Number.isSafeInteger(recipientRunId) ? { recipientRunId, step: Number(low & 0xffn) } : null
}

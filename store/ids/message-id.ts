import { parse } from 'uuid'
import { endOfKsuid, ksuid } from './ksuid.ts'

/** A message is the `number`th one made for its recipient run, from 0. */
export interface MessageKey {
  recipientRunId: number
  number: number
}

/** Row ids take 53 bits of the id's last 8 bytes; these are the rest. */
const NUMBER_BITS = 11n
/** How many messages one recipient run can have. */
const MESSAGES_A_ROW = 2 ** Number(NUMBER_BITS)

/**
 * A message's public id: a KSUID made of the trigger's acceptance, 8 bytes of its UUID, the row id and the number. The same
 * message has the same id at every attempt, before it is stored.
 */
export function messageId(trigger: { workflowRunId: string; acceptedAt: Date }, key: MessageKey): string {
  const payload = new DataView(new ArrayBuffer(16))
  parse(trigger.workflowRunId)
    .subarray(0, 8)
    .forEach((byte, i) => payload.setUint8(i, byte))
  payload.setBigUint64(8, (BigInt(key.recipientRunId) << NUMBER_BITS) | BigInt(key.number))
  return ksuid(trigger.acceptedAt, payload)
}

/** Where a message with this id would lie, or null if it cannot be one. The caller compares the id made again from the row found. */
export function keyOfMessageId(id: string): MessageKey | null {
  const end = endOfKsuid(id)
  if (end === null) return null
  const recipientRunId = Number(end >> NUMBER_BITS)
  return Number.isSafeInteger(recipientRunId)
    ? { recipientRunId, number: Number(end & BigInt(MESSAGES_A_ROW - 1)) }
    : null
}

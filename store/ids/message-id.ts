import { parse } from 'uuid'
import { endOfKsuid, ksuid } from './ksuid.ts'

export interface MessageKey {
  recipientRunId: number
  step: number
}

/**
 * A message's public id: a KSUID made of the trigger's acceptance, 8 bytes of its UUID, the row id and the step. The same
 * message has the same id at every attempt, before it is stored.
 */
export function messageId(trigger: { workflowRunId: string; acceptedAt: Date }, key: MessageKey): string {
  const payload = new DataView(new ArrayBuffer(16))
  parse(trigger.workflowRunId)
    .subarray(0, 8)
    .forEach((byte, i) => payload.setUint8(i, byte))
  payload.setBigUint64(8, (BigInt(key.recipientRunId) << 8n) | BigInt(key.step))
  return ksuid(trigger.acceptedAt, payload)
}

/** Where a message with this id would lie, or null if it cannot be one. The caller compares the id made again from the row found. */
export function keyOfMessageId(id: string): MessageKey | null {
  const end = endOfKsuid(id)
  if (end === null) return null
  const recipientRunId = Number(end >> 8n)
  return Number.isSafeInteger(recipientRunId) ? { recipientRunId, step: Number(end & 0xffn) } : null
}

import { endOfKsuid, ksuid } from './ksuid.ts'

/** A message is the `number`th one made for its recipient run, from 0. */
export interface MessageKey {
  recipientRunId: number
  number: number
}

/** Row ids take 53 bits of the id's last 8 bytes; these are the rest. */
const NUMBER_BITS = 11
/** How many messages one recipient run can have. */
const MESSAGES_A_ROW = 2 ** NUMBER_BITS
const ROWS_A_WORD = 2 ** (32 - NUMBER_BITS)

/**
 * A message's public id: a KSUID made of the trigger's acceptance, 8 bytes of its UUID, the row id and the number. The same
 * message has the same id at every attempt, before it is stored.
 */
export function messageId(trigger: { workflowRunId: string; acceptedAt: Date }, key: MessageKey): string {
  const { workflowRunId: uuid } = trigger
  const { recipientRunId, number } = key
  return ksuid(trigger.acceptedAt, [
    Number.parseInt(uuid.slice(0, 8), 16),
    Number.parseInt(uuid.slice(9, 13) + uuid.slice(14, 18), 16),
    Math.floor(recipientRunId / ROWS_A_WORD),
    (recipientRunId % ROWS_A_WORD) * MESSAGES_A_ROW + number,
  ])
}

/** Where a message with this id would lie, or null if it cannot be one. The caller compares the id made again from the row found. */
export function keyOfMessageId(id: string): MessageKey | null {
  const end = endOfKsuid(id)
  if (end === null) return null
  const recipientRunId = Number(end >> BigInt(NUMBER_BITS))
  return Number.isSafeInteger(recipientRunId)
    ? { recipientRunId, number: Number(end & BigInt(MESSAGES_A_ROW - 1)) }
    : null
}

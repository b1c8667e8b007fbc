import type { Channel } from '../definitions/catalog.ts'
import { loadFirstActivities } from '../store/batches/first-activities.ts'
import type { MessageKey } from '../store/ids/message-id.ts'
import { loadDataUnder } from '../store/messages/attachments.ts'
import { claimMessages } from '../store/messages/claims.ts'
import type { MessageToSend } from '../store/messages/load-to-send.ts'
import type { Database } from '../store/postgres/database.ts'
import { loadRecipients } from '../store/profiles/recipients.ts'
import type { Json, JsonObject } from '../store/schema/index.ts'
import { countTakenOver } from './count-try.ts'
import { LEASE_MS, type Leases } from './leases.ts'
import { renderAgain, type Ready } from './render-again.ts'

/** A message that is this process's to send, with what it is sent with. */
export interface Claimed extends Ready {
  attachments: Json | undefined
  /** The recipient's, where they are large. */
  properties: JsonObject | undefined
  /** When the lease began, by this process's monotonic clock. */
  at: number
}

/** What was loaded for the whole chunk: properties by the recipient's key, null where they are large. */
interface Loaded {
  channels: ReadonlyMap<string, Channel>
  properties: ReadonlyMap<string, JsonObject | null>
}

/**
 * Claims messages of one chunk, renders again what a batch has outdated, and loads their attachments and large properties. Answers in the order
 * of `messages`; undefined: somebody else has it.
 */
export async function claimToSend(
  { db, leases, now }: { db: Database; leases: Leases; now: () => number },
  messages: readonly MessageToSend[],
  { channels, properties }: Loaded,
): Promise<(Claimed | undefined)[]> {
  const began = performance.now()
  const at = now()
  const taken = await claimMessages(db, messages, leases.owner, { now: at, leaseUntil: at + LEASE_MS })
  countTakenOver(messages, taken)
  const channelIds = new Map(messages.map(({ recipientRunId, channelId }) => [recipientRunId, channelId]))
  const channelOf = ({ recipientRunId }: MessageKey) => channels.get(channelIds.get(recipientRunId) ?? '')
  const claimed = await renderAgain(db, taken, leases.owner, at, channelOf)
  const asked = claimed.flatMap((message) => {
    const key = attachmentKeyOf(message)
    return key === null ? [] : [{ message, key }]
  })
  const firsts = await loadFirstActivities(
    db,
    asked.map(({ message }) => message),
  )
  const rowOf = ({ recipientRunId }: Ready) => firsts.get(recipientRunId) ?? recipientRunId
  const attached = await loadDataUnder(
    db,
    asked.map(({ message, key }) => ({ recipientRunId: rowOf(message), key })),
  )
  const recipients = new Map(messages.map(({ recipientRunId, recipient }) => [recipientRunId, recipient]))
  const isLarge = (key: string) => properties.get(key) === null
  const large = claimed.map(({ recipientRunId }) => recipients.get(recipientRunId)!).filter(isLarge)
  const loaded = large.length === 0 ? new Map<string, JsonObject>() : await loadRecipients(db, [...new Set(large)])
  const byRow = new Map(
    claimed.map((message) => {
      const attachments = attached.get(rowOf(message))
      return [
        message.recipientRunId,
        { ...message, attachments, properties: loaded.get(recipients.get(message.recipientRunId)!), at: began },
      ]
    }),
  )
  return messages.map(({ recipientRunId }) => byRow.get(recipientRunId))
}

function attachmentKeyOf({ content }: Ready): string | null {
  const { settings } = content
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return null
  const key = settings['attachment_key']
  return typeof key === 'string' ? key : null
}

import type { ChannelType } from '../../definitions/channel-types.ts'
import type { MessageKey } from '../ids/message-id.ts'

/** A message as a channel step makes it: to be sent at `due`, or settled at once. */
export interface NewMessage extends MessageKey {
  /** Index of the step that made it, in the version it walked in. */
  step: number
  stepRef: string
  /** Place among the messages of this step. */
  part: number
  /** As ids/recipient.ts writes one. */
  recipient: string
  channelId: string
  channelType: ChannelType
  content: object
  /** The batch whose activities it contains, as of this revision. Absent: its recipient run's own. */
  batch?: { id: number; revision: number } | undefined
  status: 'queued' | 'delivered' | 'not_sent'
  /** Epoch milliseconds; null once settled. */
  due: number | null
  reason: string | null
}

import type { ChannelDefaults } from '../channels/provider.ts'
import { channelTypeOf, NO_PROVIDER } from '../channels/registry.ts'
import { notSent, type Sender, type SendResult } from '../channels/sender.ts'
import { eachSendingType, type Senders } from '../channels/senders.ts'
import type { ContentOf, SendingType } from '../definitions/channel-types.ts'

/** Channels that send nothing: each message is taken at once, as by a provider that is well, and whom it would reach is told. */
export function recordingSenders(
  sent: (messageId: string, whom: string) => void,
  defaults: Pick<ChannelDefaults, 'BELAY_HTTP_SECRET_HOSTS'>,
): Senders {
  const sender = (type: SendingType): Sender<ContentOf<SendingType>> => ({
    concurrency: 20,
    timeoutMs: 60_000,
    send(message, channel) {
      try {
        const whom = channelTypeOf(type).sending!.reaches(message, channel, defaults)
        if (channel.provider === NO_PROVIDER) {
          const reason = `channel ${channel.key} has no provider in channels.json`
          return Promise.resolve<SendResult>({ kind: 'not_sent', reason })
        }
        sent(message.messageId, whom)
        return Promise.resolve<SendResult>({ kind: 'sent' })
      } catch (error) {
        return Promise.resolve(notSent(error))
      }
    },
    close: () => Promise.resolve(),
  })
  return { ...eachSendingType(sender), close: () => Promise.resolve() }
}

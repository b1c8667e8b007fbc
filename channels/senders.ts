import type { Channel } from '../definitions/catalog.ts'
import type { ContentOf, SendingType } from '../definitions/channel-types.ts'
import { HttpClient } from './http-client.ts'
import type { ChannelDefaults, ProviderDeps } from './provider.ts'
import { channelTypeNames, channelTypeOf, isSending } from './registry.ts'
import { Links } from './links.ts'
import { notSent, type Sender, type SendResult } from './sender.ts'
import { withUnsubscribeLink } from './unsubscribe-link.ts'

/** One sender a channel type that talks to the outside. */
export type Senders = { readonly [Type in SendingType]: Sender<ContentOf<Type>> } & { close(): Promise<void> }

/** `env` answers for the `$NAME`s in channel settings. */
export function createSenders(defaults: ChannelDefaults, env: NodeJS.ProcessEnv = process.env): Senders {
  const http = new HttpClient({ allowPrivate: defaults.BELAY_HTTP_ALLOW_PRIVATE })
  const http2 = new HttpClient({ allowPrivate: defaults.BELAY_HTTP_ALLOW_PRIVATE, http2: true })
  const deps = { defaults, env, http, http2 }
  const senders = eachSendingType((type) => typeSender(type, deps))
  return {
    ...senders,
    async close() {
      await Promise.all(Object.values(senders).map((sender) => sender.close()))
      await http.close()
      await http2.close()
    },
  }
}

/** What `make` makes for each channel type whose messages leave through a provider. */
export function eachSendingType(make: (type: SendingType) => Sender<ContentOf<SendingType>>): Omit<Senders, 'close'> {
  const made = channelTypeNames()
    .filter(isSending)
    .map((type) => [type, make(type)])
  return Object.fromEntries(made) as Omit<Senders, 'close'>
}

/** Hands each message to its channel's provider. Lasts as long, and sends as many at once, as the largest of them. */
function typeSender(type: SendingType, deps: ProviderDeps): Sender<ContentOf<SendingType>> {
  const { providers } = channelTypeOf(type)
  const senders = new Map(Object.entries(providers).map(([key, provider]) => [key, provider.create(deps)]))
  const links = Links.of(deps.defaults)
  const most = (numbers: number[]) => Math.max(1, ...numbers)
  return {
    concurrency: most([...senders.values()].map(({ concurrency }) => concurrency)),
    timeoutMs: most([...senders.values()].map(({ timeoutMs }) => timeoutMs)),
    async send(message, channel, attempt) {
      const sender = senders.get(channel.provider)
      if (sender === undefined) return noProvider(type, channel, [...senders.keys()])
      try {
        const content = withUnsubscribeLink(message.content, message.messageId, links)
        return await sender.send({ ...message, content }, channel, attempt)
      } catch (error) {
        return notSent(error)
      }
    },
    receipts: async (externalIds, channel, signal) =>
      (await senders.get(channel.provider)?.receipts?.(externalIds, channel, signal)) ?? new Map<string, never>(),
    async close() {
      await Promise.all([...senders.values()].map((sender) => sender.close()))
    },
  }
}

function noProvider(type: SendingType, { key }: Channel, known: string[]): SendResult {
  const reason = `channel ${key} has no provider: give it one in channels.json (${type}: ${known.join(', ')})`
  return { kind: 'not_sent', reason }
}

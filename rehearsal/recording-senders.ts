import { connectionsOf } from '../channels/chat/connections.ts'
import { letterheadOf } from '../channels/email/letterhead.ts'
import { devicesOf } from '../channels/push/push-tokens.ts'
import { NO_PROVIDER, type Contents, type SendingType } from '../channels/registry.ts'
import { notSent, type Outgoing, type Sender } from '../channels/sender.ts'
import type { Senders } from '../channels/senders.ts'
import { phoneNumber } from '../channels/sms/phone-number.ts'
import type { Channel } from '../definitions/catalog.ts'

const SENDER = 'rehearsal@belay.invalid'

type Addressed<Type extends SendingType> = (message: Outgoing<Contents[Type]>, channel: Channel) => string

/** Whom a message of each type would reach. Throws NotSent as its channels do: for want of an address, or of one that is any. */
const addressed: { readonly [Type in SendingType]: Addressed<Type> } = {
  email(message, { key, settings }) {
    // What stands in the environment of a worker is not known here.
    const known = Object.entries(settings).filter(([, value]) => typeof value === 'string' && !value.startsWith('$'))
    const { to } = letterheadOf(message, { ...Object.fromEntries(known), key }, SENDER)
    return to.map(({ address }) => address).join(', ')
  },
  sms: phoneNumber,
  push: (message) => many(devicesOf(message).length, 'device'),
  chat: (message) => many(connectionsOf(message, () => true, 'anything').length, 'connection'),
  http: ({ content }) => content.url,
}

/** Channels that send nothing: each message is taken at once, as by a provider that is well, and whom it would reach is told. */
export function recordingSenders(sent: (messageId: string, whom: string) => void): Senders {
  const sender = <Type extends SendingType>(type: Type): Sender<Contents[Type]> => ({
    concurrency: 20,
    timeoutMs: 60_000,
    send(message, channel) {
      try {
        const whom = addressed[type](message, channel)
        if (channel.provider === NO_PROVIDER)
          return Promise.resolve({
            kind: 'not_sent',
            reason: `channel ${channel.key} has no provider in channels.json`,
          })
        sent(message.messageId, whom)
        return Promise.resolve({ kind: 'sent' })
      } catch (error) {
        return Promise.resolve(notSent(error))
      }
    },
    close: () => Promise.resolve(),
  })
  return {
    email: sender('email'),
    http: sender('http'),
    sms: sender('sms'),
    push: sender('push'),
    chat: sender('chat'),
    close: () => Promise.resolve(),
  }
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

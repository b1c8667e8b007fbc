import type { ChannelType, SendingType } from '../definitions/channel-types.ts'
import type { ChannelTypeEntry } from './channel-type.ts'
import { chat } from './chat/type.ts'
import { email } from './email/type.ts'
import { http } from './http/type.ts'
import { inAppFeed } from './in-app-feed/type.ts'
import { push } from './push/type.ts'
import { sms } from './sms/type.ts'

/** Every channel type there is: one that is missing here does not compile. */
export const channelTypes: { readonly [Type in ChannelType]: ChannelTypeEntry<Type> } = {
  in_app_feed: inAppFeed,
  email,
  http,
  chat,
  sms,
  push,
}

/** A channel type, for callers that hold steps and messages of any. */
export function channelTypeOf(type: ChannelType): ChannelTypeEntry<ChannelType> {
  return channelTypes[type]
}

/** Whether messages of this type leave through a provider. */
export function isSending(type: ChannelType): type is SendingType {
  return channelTypeOf(type).sending !== null
}

/** Their names, in the order in which they are told. */
export function channelTypeNames(): ChannelType[] {
  return Object.keys(channelTypes) as ChannelType[]
}

/** `provider` of a channel that nobody carries. */
export const NO_PROVIDER = 'none'

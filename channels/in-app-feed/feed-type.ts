import type { ChannelType } from '../../definitions/channel-types.ts'

/** The channel type whose messages feeds show, and no other: their items are of its content. */
export const FEED_TYPE = 'in_app_feed' satisfies ChannelType

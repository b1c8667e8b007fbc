import { FEED_TYPE } from '../../channels/in-app-feed/feed-type.ts'
import type { Catalog } from '../../definitions/catalog.ts'
import type { FeedFilter } from '../../store/messages/feed.ts'
import type { ApiCaller } from '../http/caller.ts'
import { ApiError } from '../http/errors.ts'
import { findChannel } from '../http/find-channel.ts'
import { findUnstorable } from '../../json/storable.ts'
import { userId } from '../../resources/ids.ts'
import { feedFilterOf, readFeedOptions } from '../requests/feed-query.ts'
import type { Frame } from './frame.ts'

/** One connection that listens to one user's feed, for one or several clients on its page. */
export interface Subscription {
  topic: string
  joinRef: string | null
  user: string
  channelId: string
  /** By the reference each client gave itself. */
  clients: ReadonlyMap<string, FeedFilter>
  /** Older clients give their options alone, and have no reference. */
  isFlat: boolean
  /** Sends a frame; a reader that is too slow is cut instead. */
  send(event: string, payload: Record<string, unknown>): void
}

const MAX_CLIENTS = 20
const NO_REFERENCE = ''

/** What a join asks for, or why it is refused, in a word and a sentence. */
export function readJoin(
  frame: Frame,
  catalog: Catalog,
  caller: ApiCaller,
): Omit<Subscription, 'send'> | { reason: string; message: string } {
  const [, channel, user] = /^feeds:([^:]{1,256}):(.{1,256})$/s.exec(frame.topic) ?? []
  if (channel === undefined || user === undefined)
    return refused('unmatched topic', 'topics are feeds:<channel>:<user>')
  const known = findChannel(catalog, channel)
  if (known?.type !== FEED_TYPE) return refused('resource_missing', 'no in-app feed channel has this id or key')
  const { token } = caller
  if (token !== undefined && !token.grants.reaches(token.userId, user, 'feed', 'read')) {
    return refused('not_permitted', 'this user token does not read this feed')
  }
  if (!userId.safeParse(user).success || findUnstorable([frame.topic, frame.payload]) !== undefined)
    return refused('invalid_params', 'the topic or its options cannot be compared')
  const isFlat = !Object.keys(frame.payload).some((name) => name.startsWith('client_'))
  const given = isFlat ? [[NO_REFERENCE, frame.payload] as const] : Object.entries(frame.payload)
  if (given.length > MAX_CLIENTS) return refused('invalid_params', `at most ${MAX_CLIENTS} clients a topic`)
  const feed = { recipient: user, channelId: known.id }
  const clients = new Map<string, FeedFilter>()
  for (const [reference, options] of given) {
    const filter = filterOf(options, feed, caller)
    if ('reason' in filter) return filter
    clients.set(reference, filter)
  }
  return { topic: frame.topic, joinRef: frame.joinRef, user, channelId: known.id, clients, isFlat }
}

function filterOf(options: unknown, feed: { recipient: string; channelId: string }, caller: ApiCaller) {
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options)
  const read = isObject ? readFeedOptions(options as Record<string, unknown>) : null
  if (read === null) return refused('invalid_params', 'the options of a client are not those of a feed')
  try {
    return feedFilterOf(read, feed, caller)
  } catch (error) {
    if (error instanceof ApiError) return refused(error.code, error.message)
    throw error
  }
}

function refused(reason: string, message: string) {
  return { reason, message }
}

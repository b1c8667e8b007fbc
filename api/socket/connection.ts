import type { RawData, WebSocket } from 'ws'
import type { Catalog } from '../../definitions/catalog.ts'
import type { ApiCaller } from '../http/caller.ts'
import { readFrame, replyTo, writeFrame, type Frame } from './frame.ts'
import type { LiveFeeds } from './live-feeds.ts'
import { readJoin, type Subscription } from './subscription.ts'

/** Clients send a heartbeat every 30 s. */
const IDLE_MS = 90_000
/** What a reader may leave unread. */
const MOST_UNREAD = 1_048_576
const FRAMES = 200
const FRAMES_WITHIN_MS = 10_000
const MAX_TOPICS = 20
/** A page that was here before joins again at once. */
const BACK_WITHIN_MS = 10_000

export interface ConnectionOptions {
  socket: WebSocket
  caller: ApiCaller
  catalog: Catalog
  feeds: LiveFeeds
  /** Whether this user may have one connection more. */
  enter: (user: string) => boolean
  leave: (user: string) => void
  /** Epoch milliseconds by the store's clock: when a token ends. */
  now: () => number
}

/** One browser's connection: it joins feeds, is told of them, and is cut when it sends too much or reads too slowly. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #topics = new Map<string, Subscription>()
  readonly #users = new Set<string>()
  readonly #openedAt = performance.now()
  #heardAt = performance.now()
  #frames = 0
  #framesSince = performance.now()
  /** A socket that was connected before goes on counting its frames. */
  #isBack: boolean | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { socket } = options
    socket.on('message', (data, isBinary) => this.#message(data, isBinary))
    socket.on('close', () => this.#closed())
    socket.on('error', () => undefined)
  }

  /** Looked at every few seconds: who is silent, does not read, or whose token has ended is cut. */
  sweep(): void {
    const { socket } = this.#options
    if (performance.now() - this.#heardAt > IDLE_MS || socket.bufferedAmount > MOST_UNREAD) socket.terminate()
    else this.#endsWithToken()
  }

  end(code: number, reason: string): void {
    this.#options.socket.close(code, reason)
  }

  terminate(): void {
    this.#options.socket.terminate()
  }

  /** Closes it where its token has expired, and answers whether it has: it hears nothing more, and is told nothing more. */
  #endsWithToken(): boolean {
    const { caller, now } = this.#options
    const hasExpired = (caller.token?.expiresAt ?? Infinity) <= now()
    if (hasExpired) this.end(1008, 'the user token has expired')
    return hasExpired
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.#endsWithToken()) return
    const now = performance.now()
    this.#heardAt = now
    if (now - this.#framesSince > FRAMES_WITHIN_MS) {
      this.#framesSince = now
      this.#frames = 0
    }
    this.#frames += 1
    const frame = isBinary || this.#frames > FRAMES ? null : readFrame((data as Buffer).toString('utf8'))
    if (frame === null) {
      this.end(1008, this.#frames > FRAMES ? 'too many frames' : 'frames are [join_ref, ref, topic, event, payload]')
      return
    }
    this.#isBack ??= frame.ref !== '1'
    this.#take(frame)
  }

  #take(frame: Frame): void {
    if (frame.topic === 'phoenix' && frame.event === 'heartbeat') this.#send(replyTo(frame, 'ok'))
    else if (frame.event === 'phx_join') this.#join(frame)
    else if (frame.event === 'phx_leave') {
      const open = this.#topics.get(frame.topic)
      // A topic joined anew is left under its former reference.
      if (open !== undefined && open.joinRef === frame.joinRef) this.#leave(open)
      this.#send(replyTo(frame, 'ok'))
    } else this.#send(replyTo(frame, 'error', { reason: 'unmatched topic' }))
  }

  #join(frame: Frame): void {
    const { catalog, caller, feeds } = this.#options
    const before = this.#topics.get(frame.topic)
    const read =
      before === undefined && this.#topics.size >= MAX_TOPICS
        ? { reason: 'too_many_topics', message: `at most ${MAX_TOPICS} a connection` }
        : readJoin(frame, catalog, caller)
    if ('reason' in read) {
      this.#send(replyTo(frame, 'error', read))
      return
    }
    if (!this.#users.has(read.user) && !this.#options.enter(read.user)) {
      this.#send(replyTo(frame, 'error', { reason: 'too_many_connections', message: 'this user has too many already' }))
      return
    }
    this.#users.add(read.user)
    if (before !== undefined) feeds.remove(before)
    const { topic, joinRef } = read
    const subscription: Subscription = {
      ...read,
      send: (event, payload) => {
        if (!this.#endsWithToken()) this.#send(writeFrame({ joinRef, ref: null, topic, event, payload }))
      },
    }
    this.#topics.set(topic, subscription)
    this.#send(replyTo(frame, 'ok'))
    const isBack = this.#isBack === true && performance.now() - this.#openedAt < BACK_WITHIN_MS
    feeds.add(subscription, { isBack })
  }

  #leave(subscription: Subscription): void {
    this.#topics.delete(subscription.topic)
    this.#options.feeds.remove(subscription)
    const { user } = subscription
    if ([...this.#topics.values()].some((other) => other.user === user)) return
    this.#users.delete(user)
    this.#options.leave(user)
  }

  #send(text: string): void {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MOST_UNREAD) socket.terminate()
    else socket.send(text, () => undefined)
  }

  #closed(): void {
    for (const subscription of [...this.#topics.values()]) this.#leave(subscription)
  }
}

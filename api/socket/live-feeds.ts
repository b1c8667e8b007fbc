import type { Logger } from 'pino'
import type { ChangedMessages } from '../../events/feed-changes.ts'
import { changedFeeds } from '../../store/messages/changed-feeds.ts'
import { countFeed } from '../../store/messages/feed.ts'
import type { Database } from '../../store/postgres/database.ts'
import { StoreError } from '../../store/postgres/store-error.ts'
import type { Subscription } from './subscription.ts'

/** What one subscription is to be told. */
interface News {
  revoked: Set<string>
  /** Something may have been missed: what the page shows is to be fetched anew. */
  refetch: boolean
}

/** What is told within this is looked up together. */
const GATHER_MS = 10
/** A page is told at most so often: each time, it fetches. */
const BETWEEN_MS = 100
const AT_ONCE = 4
/** More than a burst; beyond it everybody fetches. */
const MOST_CHANGES = 20_000
const AGAIN_MS = 1_000
const LOG_MS = 5_000

/**
 * Who listens to which feed in this process, and what they are told: `messages-revoked {ids}`, then `new-message` with
 * fresh counts under each client's filter, upon which a client fetches what is newer. However much happens, a page hears of
 * it once in 100 ms.
 */
export class LiveFeeds {
  readonly #db: Database
  readonly #log: Pick<Logger, 'warn'>
  readonly #byUser = new Map<string, Set<Subscription>>()
  readonly #news = new Map<Subscription, News>()
  readonly #queue: Subscription[] = []
  readonly #resting = new Map<Subscription, NodeJS.Timeout>()
  #changes: ChangedMessages[] = []
  #gathering: NodeJS.Timeout | undefined
  #working = 0
  #loggedAt = -Infinity
  #closed = false

  constructor({ db, log }: { db: Database; log: Pick<Logger, 'warn'> }) {
    this.#db = db
    this.#log = log
  }

  get size(): number {
    return [...this.#byUser.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** `isBack`: it was here before, and may have missed something. */
  add(subscription: Subscription, { isBack }: { isBack: boolean }): void {
    const same = this.#byUser.get(subscription.user)
    if (same === undefined) this.#byUser.set(subscription.user, new Set([subscription]))
    else same.add(subscription)
    if (isBack) this.#tell(subscription, [], true)
  }

  remove(subscription: Subscription): void {
    const same = this.#byUser.get(subscription.user)
    same?.delete(subscription)
    if (same?.size === 0) this.#byUser.delete(subscription.user)
    this.#news.delete(subscription)
    clearTimeout(this.#resting.get(subscription))
    this.#resting.delete(subscription)
  }

  changed(changes: readonly ChangedMessages[]): void {
    if (this.#byUser.size === 0 || this.#closed) return
    this.#changes.push(...changes)
    this.#gathering ??= setTimeout(() => void this.#lookUp(), GATHER_MS)
  }

  /** What happened for a while is not known: everybody fetches. */
  missed(): void {
    for (const same of this.#byUser.values()) for (const subscription of same) this.#tell(subscription, [], true)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#gathering)
    for (const timer of this.#resting.values()) clearTimeout(timer)
    this.#resting.clear()
    this.#news.clear()
    this.#byUser.clear()
  }

  async #lookUp(): Promise<void> {
    const changes = this.#changes
    this.#changes = []
    this.#gathering = undefined
    try {
      if (changes.length > MOST_CHANGES) {
        this.missed()
        return
      }
      for (const feed of await changedFeeds(this.#db, changes, [...this.#byUser.keys()])) {
        for (const subscription of this.#byUser.get(feed.recipient) ?? [])
          if (subscription.channelId === feed.channelId) this.#tell(subscription, feed.revoked, false)
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'what changed in feeds was not read; pages fetch anew')
      if (!this.#closed) setTimeout(() => this.missed(), AGAIN_MS).unref()
    }
  }

  #tell(subscription: Subscription, revoked: readonly string[], refetch: boolean): void {
    if (this.#closed) return
    const news = this.#news.get(subscription)
    if (news !== undefined) {
      for (const id of revoked) news.revoked.add(id)
      news.refetch ||= refetch
      return
    }
    this.#news.set(subscription, { revoked: new Set(revoked), refetch })
    if (!this.#resting.has(subscription)) this.#enqueue(subscription)
  }

  #enqueue(subscription: Subscription): void {
    this.#queue.push(subscription)
    if (this.#working < AT_ONCE) void this.#work()
  }

  async #work(): Promise<void> {
    this.#working += 1
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const news = this.#news.get(next)
      if (news === undefined) continue
      this.#news.delete(next)
      this.#rest(next)
      try {
        await this.#push(next, news)
      } catch (error) {
        this.#failed(next, news, error)
      }
    }
    this.#working -= 1
  }

  /** Its page is told again while the store may come back. One line of log tells of all pages of a while. */
  #failed(subscription: Subscription, { revoked }: News, error: unknown): void {
    const passes = error instanceof StoreError && error.fault !== 'refused' && error.fault !== 'failed'
    const now = performance.now()
    if (now - this.#loggedAt >= LOG_MS) {
      this.#loggedAt = now
      this.#log.warn({ err: error }, `a feed was not counted${passes ? '; its page is told again' : ''}`)
    }
    if (!passes) return
    setTimeout(() => {
      if (this.#byUser.get(subscription.user)?.has(subscription) === true) this.#tell(subscription, [...revoked], true)
    }, AGAIN_MS).unref()
  }

  #rest(subscription: Subscription): void {
    const wake = () => {
      this.#resting.delete(subscription)
      if (this.#news.has(subscription)) this.#enqueue(subscription)
    }
    this.#resting.set(subscription, setTimeout(wake, BETWEEN_MS))
  }

  async #push(subscription: Subscription, { revoked, refetch }: News): Promise<void> {
    const { clients, isFlat } = subscription
    const attn = isFlat ? [] : [...clients.keys()]
    const hiding = [...clients].filter(([, { archived }]) => archived === 'exclude').map(([reference]) => reference)
    // First of all: what follows makes the page fetch.
    if ((revoked.size > 0 && hiding.length > 0) || refetch) {
      const told = { ids: [...revoked], attn: isFlat ? [] : hiding, ...(refetch && { refetch: true }) }
      subscription.send('messages-revoked', told)
    }
    const data: Record<string, { metadata: object }> = {}
    for (const [reference, filter] of clients) {
      const counts = await countFeed(this.#db, filter)
      data[reference] = { metadata: { __typename: 'FeedMetadata', ...counts } }
    }
    const [first] = Object.values(data)
    const metadata = first?.metadata
    subscription.send('new-message', { event: 'new-message', metadata, attn, data: isFlat ? {} : data })
  }
}

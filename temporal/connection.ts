import { Connection, type ConnectionOptions } from '@temporalio/client'
import { interceptors } from './closed-channel.ts'

/**
 * A channel that fails is tried again within five seconds (gRPC's own: two minutes). A server that vanished without a word
 * is noticed after some sixteen: Temporal allows a ping every ten seconds. Each channel has connections of its own, and
 * asks for the name's address anew.
 */
const channelArgs = {
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 5_000,
  'grpc.keepalive_time_ms': 11_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.dns_min_time_between_resolutions_ms': 5_000,
  'grpc.use_local_subchannel_pool': 1,
} as const

/** Longer than any call on the old one lasts: one under way when its connection closes fails. */
const CLOSE_AFTER_MS = 30_000

export interface TemporalConnection {
  /** Lazy: it opens with the first call, and stays usable when Temporal went away. */
  connection: Connection
  /**
   * From here on calls take a new channel. A channel whose connection attempt hangs, since the packets are dropped, waits
   * for the kernel, which asks ever more seldom.
   */
  renew: () => void
  close: () => Promise<void>
}

/** What a client of Temporal's is given. */
export function openConnection(options: ConnectionOptions): TemporalConnection {
  const open = () =>
    Connection.lazy({ interceptors, ...options, channelArgs: { ...channelArgs, ...options.channelArgs } })
  let current = open()
  const old = new Map<Connection, NodeJS.Timeout>()
  const connection = new Proxy(current, {
    get(_target, name) {
      const value: unknown = Reflect.get(current, name)
      return typeof value === 'function' ? (value.bind(current) as unknown) : value
    },
  })
  return {
    connection,
    renew() {
      const last = current
      current = open()
      const timer = setTimeout(() => {
        old.delete(last)
        void last.close().catch(() => undefined)
      }, CLOSE_AFTER_MS)
      old.set(last, timer.unref())
    },
    async close() {
      for (const timer of old.values()) clearTimeout(timer)
      await Promise.all([...old.keys(), current].map((each) => each.close()))
    },
  }
}

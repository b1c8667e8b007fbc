import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { FEED_CHANNEL, readFeedChanges } from '../../events/feed-changes.ts'
import type { ApiCaller } from '../http/caller.ts'
import type { Deps } from '../http/deps.ts'
import { Pipeline } from '../http/pipeline.ts'
import { goOnWithoutUpgrade, readAgain } from '../http/without-upgrade.ts'
import { Connection } from './connection.ts'
import { answerBadHandshake, callerOfUpgrade, noRoom, refuseUpgrade, wantsLive } from './upgrade.ts'
import { LiveFeeds } from './live-feeds.ts'

/** A join with 20 clients and their filters fits. */
const MAX_FRAME_BYTES = 65_536
const SWEEP_MS = 15_000
const GOODBYE_MS = 1_000
/** Service restart: clients come back by themselves. */
const RESTART = 1012

export interface Live {
  /** Connections that are open. */
  readonly connections: number
  /** Feeds that are listened to. */
  readonly subscriptions: number
  /** Closes every connection, within a second or so; those that come meanwhile are refused. */
  close(): Promise<void>
}

/**
 * The live feed on the API's own port: Phoenix channels over a WebSocket at `/ws/v1/websocket`, as Knock's clients speak
 * them. What changes in a feed is told by NOTIFY in the transaction that changes it, so that it does not matter which
 * process did it.
 */
export async function openLive(server: Server, deps: Deps): Promise<Live> {
  const { store, settings, log } = deps
  const feeds = new LiveFeeds({ db: store.db, log })
  const listening = await store.listen(FEED_CHANNEL, {
    told: (payload) => feeds.changed(readFeedChanges(payload)),
    missed: () => feeds.missed(),
  })
  const wires = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  })
    .on('error', () => undefined)
    .on('wsClientError', answerBadHandshake)
  const open = new Set<Connection>()
  const perUser = new Map<string, number>()
  let entering = 0
  let closing = false
  const sweep = setInterval(() => open.forEach((connection) => connection.sweep()), SWEEP_MS).unref()

  const enter = (user: string) => {
    const count = perUser.get(user) ?? 0
    if (count >= settings.BELAY_LIVE_CONNECTIONS_PER_USER) return false
    perUser.set(user, count + 1)
    return true
  }
  const leave = (user: string) => {
    const count = (perUser.get(user) ?? 1) - 1
    if (count === 0) perUser.delete(user)
    else perUser.set(user, count)
  }

  const accept = (request: IncomingMessage, socket: Duplex, head: Buffer, caller: ApiCaller) => {
    wires.handleUpgrade(request, socket, head, (wire) => {
      const connection = new Connection({
        socket: wire,
        caller,
        catalog: deps.catalog,
        feeds,
        enter,
        leave,
        now: deps.now,
      })
      open.add(connection)
      wire.once('close', () => open.delete(connection))
    })
  }
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const pipeline = Pipeline.of(socket)
    if (!pipeline.isAnswered) {
      pipeline.takeOver(() => readAgain(server, request, socket, head))
      return
    }
    if (!wantsLive(request)) {
      goOnWithoutUpgrade(server, request, socket, head)
      return
    }
    socket.on('error', () => undefined)
    if (closing || deps.draining.begun || open.size + entering >= settings.BELAY_LIVE_CONNECTIONS) {
      refuseUpgrade(socket, noRoom())
      return
    }
    entering += 1
    callerOfUpgrade(request, deps)
      .then(
        (caller) => (closing ? refuseUpgrade(socket, noRoom()) : accept(request, socket, head, caller)),
        (error: unknown) => refuseUpgrade(socket, error),
      )
      .finally(() => (entering -= 1))
  }
  server.on('upgrade', upgrade)
  // What is upgraded goes on counting as a connection of the server.
  server.maxConnections += settings.BELAY_LIVE_CONNECTIONS

  return {
    get connections() {
      return open.size
    },
    get subscriptions() {
      return feeds.size
    },
    async close() {
      closing = true
      clearInterval(sweep)
      for (const connection of open) connection.end(RESTART, 'the server restarts')
      const until = performance.now() + GOODBYE_MS
      while (open.size > 0 && performance.now() < until) await delay(10)
      for (const connection of open) connection.terminate()
      feeds.close()
      await listening.close()
    },
  }
}

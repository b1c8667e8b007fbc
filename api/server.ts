import { Client, type Connection } from '@temporalio/client'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { Catalog } from '../definitions/catalog.ts'
import type { Settings } from '../settings.ts'
import { Signaler } from '../signals/signaler.ts'
import { TemporalLink } from '../signals/temporal-link.ts'
import { WebhookWaker } from '../signals/webhook-waker.ts'
import type { Store } from '../store/database.ts'
import { publishCatalog } from '../store/definitions.ts'
import { createApp } from './app.ts'
import { Turns } from './turns.ts'

export interface ApiStart {
  settings: Settings
  store: Store
  /** Lazy: an api starts and accepts while Temporal is away. */
  connection: Connection
  namespace: string
  catalog: Catalog
  log: Logger
  /** The host's clock unless given. */
  now?: () => number
}

export interface RunningApi {
  url: string
  port: number
  /** Whether Temporal and a worker answer, as last seen. */
  temporal: TemporalLink
  /** Stops accepting, lets open requests end, then what they had to tell Temporal. Safe to call twice. */
  close(): Promise<void>
}

const CLOSE_MS = 10_000

export async function startApi(start: ApiStart): Promise<RunningApi> {
  const { settings, store, connection, namespace, catalog, log } = start
  const client = new Client({ connection, namespace })
  const taskQueue = settings.BELAY_TASK_QUEUE
  await publishCatalog(store.db, catalog)
  const temporal = new TemporalLink({ client, taskQueue, log, onBack: () => void resend() })
  const signaler = new Signaler({ client, taskQueue, db: store.db, link: temporal, log })
  const endpoints = settings.BELAY_WEBHOOKS
  const outbox = new WebhookWaker({ client, taskQueue, endpoints, away: () => temporal.away, log })
  const resend = async () => {
    try {
      await signaler.resend()
    } catch (error) {
      log.warn({ err: error }, 'signals not sent again; housekeeping will')
    }
  }
  const app = createApp({
    settings,
    store,
    catalog,
    signaler,
    temporal,
    outbox,
    log,
    turns: new Turns(),
    now: start.now ?? Date.now,
  })
  const server = createServer(app)
  await listen(server, settings.PORT, settings.HOST)
  await temporal.start()
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = async () => {
    await closeServer(server)
    await signaler.close()
    await outbox.close()
    await temporal.close()
  }
  const host = settings.HOST.includes(':') ? `[${settings.HOST}]` : settings.HOST
  return { url: `http://${host}:${port}`, port, temporal, close: () => (closing ??= close()) }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

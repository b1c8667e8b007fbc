import type { Connection } from '@temporalio/client'
import type { Router } from 'express'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Catalog } from '../../definitions/catalog.ts'
import type { Settings } from '../../settings/settings.ts'
import { serveMetrics, type MetricsPort } from '../../metrics/own-port.ts'
import { openScrape } from '../../metrics/scrape.ts'
import { HealthFigures } from '../../metrics/health-figures.ts'
import { openClient } from '../../temporal/client.ts'
import { createWakeRuns } from '../../temporal/wake-runs.ts'
import { Deployment } from '../../temporal/deployment.ts'
import { Signaler } from '../../temporal/signaler.ts'
import { TemporalLink } from '../../temporal/temporal-link.ts'
import { WebhookWaker } from '../../temporal/webhook-waker.ts'
import type { Clock } from '../../store/clock/store-clock.ts'
import type { Store } from '../../store/postgres/database.ts'
import { patiently, type Patience } from '../../store/postgres/reachable.ts'
import { openLive, type Live } from '../socket/live.ts'
import { LiveCatalog } from '../../engine/live-catalog.ts'
import { logProblems, reloadAndLog, watchCatalog } from './catalog-watch.ts'
import { createApp } from './app.ts'
import { keyFinder } from './find-key.ts'
import type { Deps } from './deps.ts'
import { Draining } from './draining.ts'
import { httpServer } from './front.ts'
import { listen } from '../../settings/listen.ts'
import { KeyedMutex } from '../../engine/keyed-mutex.ts'

export interface ApiStart {
  settings: Settings
  store: Store
  /** Lazy: an api starts and accepts while Temporal is away. */
  connection: Connection
  /** Temporal's Web UI, for the page at `/`. */
  uiUrl?: string
  /** Pages at `/dev/mail`. */
  devMail?: Router | undefined
  /** Opens the connection anew while Temporal stays away; see temporal/connection.ts. */
  renew?: () => void
  namespace: string
  catalog: Catalog
  /** Reads the folder anew, for a reload. */
  readFolder?: () => Promise<Catalog>
  log: Logger
  /** Listens only once Temporal knows a worker, or does not in a while: for a start that brings its own. */
  awaitWorker?: boolean
  /** Of listenEarly: it is taken over. Absent: one of its own. */
  server?: Server
  /** Of the store; who opened it closes it. */
  clock: Clock
  /** How long a store that goes away during the start is waited for; absent: not at all. */
  patience?: Patience
}

export interface RunningApi {
  url: string
  port: number
  /** Whether Temporal and a worker answer, as last seen. */
  temporal: TemporalLink
  /** Reads the folder anew and tells every process; what is wrong with it is logged. Never rejects. */
  reload(): Promise<void>
  /**
   * `/readyz` is 503 at once; serves for BELAY_DRAIN_SECONDS more, lets open requests end, then what they had to tell
   * Temporal. Takes some 15 s more at most. Safe to call twice.
   */
  close(): Promise<void>
}

const CLOSE_MS = 8_000
const TELL_MS = 4_000
const WORKER_WITHIN_MS = 10_000
const LOOK_MS = 20

/**
 * Publishes the catalog, then listens. Throws where the store stays away longer than `patience`, or the port is taken.
 */
export async function startApi(start: ApiStart): Promise<RunningApi> {
  const { settings, store, clock, connection, namespace, catalog, log } = start
  const client = openClient({ connection, namespace, keys: settings.BELAY_PAYLOAD_KEYS })
  const taskQueue = settings.BELAY_TASK_QUEUE
  const folder = new LiveCatalog({ db: store.db, catalog, read: start.readFolder })
  logProblems(folder, log)
  await patiently(() => folder.publish(), start.patience)
  const catalogWatch = watchCatalog(folder, log)
  const { renew } = start
  const deployment = await patiently(() => Deployment.of({ client, db: store.db, log }), start.patience)
  const temporal = new TemporalLink({
    client,
    taskQueue,
    log,
    admit: () => deployment.look(),
    onBack: () => void resend(),
    renew,
  })
  // Nothing is told to another deployment's runs.
  const away = () => temporal.away || deployment.warning !== undefined
  const link = {
    get away() {
      return away()
    },
    failed: (error: unknown) => temporal.failed(error),
  }
  const signaler = new Signaler({ client, taskQueue, db: store.db, store: deployment.identity, link, log })
  const endpoints = settings.BELAY_WEBHOOKS
  const wakeRuns = createWakeRuns(store.db, signaler, log)
  const outbox = new WebhookWaker({ client, taskQueue, endpoints, wakeRuns, away, log })
  const resend = async () => {
    try {
      await signaler.resend()
    } catch (error) {
      log.warn({ err: error }, 'signals not sent again; housekeeping will')
    }
  }
  const draining = new Draining()
  const overdueMs = settings.BELAY_OVERDUE_SECONDS * 1_000
  const health = new HealthFigures({ db: store.db, now: clock.now, client, overdueMs })
  let live: Live | undefined
  const deps: Deps = {
    settings,
    findKey: keyFinder(settings, store.db),
    store,
    get catalog() {
      return folder.current
    },
    live: folder,
    signaler,
    temporal,
    outbox,
    log,
    mutex: new KeyedMutex(),
    now: clock.now,
    timeZone: settings.BELAY_TIME_ZONE,
    draining,
    uiUrl: start.uiUrl,
    devMail: start.devMail,
    scrape: openScrape({
      health,
      clock,
      live: () => ({ connections: live?.connections ?? 0, subscriptions: live?.subscriptions ?? 0 }),
      queues: () => temporal.queues(),
    }),
    warnings: () => [
      ...[clock.warning, deployment.warning].filter((warning) => warning !== undefined),
      ...folder.warnings(),
      ...temporal.warnings(),
      ...health.warnings(),
    ],
  }
  const app = createApp(deps)
  const server = start.server ?? httpServer(settings.BELAY_KEEP_ALIVE_SECONDS)
  let metricsPort: MetricsPort | undefined
  let closing: Promise<void> | undefined
  const close = async () => {
    draining.begin()
    catalogWatch.close()
    deployment.close()
    if (server.listening) await delay(settings.BELAY_DRAIN_SECONDS * 1_000)
    await metricsPort?.close()
    await live?.close()
    await closeServer(server)
    // A backlog that Temporal does not take stands in the store: it is not waited for.
    await within(TELL_MS, Promise.all([signaler.close(), outbox.close(), temporal.close(), health.close()]))
  }
  try {
    // Before anybody is let in: a trigger that finds Temporal not looked for yet would be put aside.
    await temporal.start()
    deployment.assertOurs()
    deployment.watch()
    if (start.awaitWorker === true) await workerSeen(temporal)
    metricsPort = await serveMetrics(settings, deps.scrape)
    server.removeAllListeners('request')
    draining.watch(server)
    server.on('request', app)
    live = await openLive(server, deps)
    if (!server.listening) {
      await listen(server, { variable: 'PORT', hostVariable: 'HOST', host: settings.HOST, port: settings.PORT })
    }
  } catch (error) {
    await close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  const host = settings.HOST.includes(':') ? `[${settings.HOST}]` : settings.HOST
  return {
    url: `http://${host}:${port}`,
    port,
    temporal,
    reload: () => reloadAndLog(folder, log),
    close: () => (closing ??= close()),
  }
}

/** Waits for it, but not longer. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: late.signal }).catch(() => undefined)])
  late.abort()
}

/** Resolves once the link, which goes on looking, has seen a worker, or has not in a while. */
async function workerSeen(temporal: TemporalLink): Promise<void> {
  const deadline = Date.now() + WORKER_WITHIN_MS
  while (temporal.status().worker === 'away' && Date.now() < deadline) await delay(LOOK_MS)
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

import { Client, Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { createApp } from '../../api/http/app.ts'
import { listen } from '../../settings/listen.ts'
import { httpServer } from '../../api/http/front.ts'
import { keyFinder } from '../../api/http/find-key.ts'
import type { Deps } from '../../api/http/deps.ts'
import { openScrape } from '../../metrics/scrape.ts'
import { HealthFigures } from '../../metrics/health-figures.ts'
import { openLive, type Live } from '../../api/socket/live.ts'
import { routes } from '../../api/routes/index.ts'
import { LiveCatalog } from '../../engine/live-catalog.ts'
import { KeyedMutex } from '../../engine/keyed-mutex.ts'
import type { Catalog } from '../../definitions/catalog.ts'
import { readSettings } from '../../settings/settings.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { Signaler } from '../../temporal/signaler.ts'
import { TemporalLink } from '../../temporal/temporal-link.ts'
import type { Store } from '../../store/postgres/database.ts'
import { noOutbox } from '../../events/outbox.ts'
import { testStore } from '../servers/postgres.ts'

/** Of a store that a test has made unable to answer. */
const NO_STORE = '00000000-0000-4000-8000-000000000000'

export const SECRET_KEY = 'sk_test_0123456789abcdef'
export const PUBLIC_KEY = 'pk_test_12345678'

export interface Answer {
  status: number
  headers: Headers
  /** Parsed JSON, or undefined for an empty body. */
  body: unknown
}

export interface CallOptions {
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown
  headers?: Record<string, string>
  /** Null: no Authorization header. */
  key?: string | null
  /** Of another api than this one. */
  url?: string
}

export interface ApiServer {
  url: string
  deps: Deps
  /** Its WebSockets. */
  live: Live
  /** The clock of the api; a test sets it. */
  clock: { now: number }
  /** One request. A 200 of a route in the table is held against its response schema, exactly. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  close(): Promise<void>
}

/** The API over real HTTP, on an empty Postgres unless another store is given; Temporal is away. */
export async function startApi(
  catalog: Catalog,
  given?: Store,
  env: Record<string, string> = {},
  own: Pick<Deps, 'reportHttp'> = {},
): Promise<ApiServer> {
  const keys = { BELAY_SECRET_KEY: SECRET_KEY, BELAY_PUBLIC_KEY: PUBLIC_KEY }
  const settings = readSettings({ ...keys, LOG_LEVEL: 'silent', ...env })
  const store = given ?? (await testStore())
  await store.migrate()
  const log = pino({ level: 'silent' })
  const client = new Client({ connection: Connection.lazy({ address: '127.0.0.1:9' }) })
  const temporal = new TemporalLink({ client, taskQueue: 'belay', log })
  const signaler = new Signaler({
    client,
    taskQueue: 'belay',
    db: store.db,
    store: await storeIdentity(store.db).catch(() => ({ id: NO_STORE, epoch: 1 })),
    link: temporal,
    log,
  })
  const clock = { now: Date.now() }
  const folder = new LiveCatalog({ db: store.db, catalog })
  const health = new HealthFigures({ db: store.db, now: () => clock.now, client, overdueMs: 120_000 })
  const deps: Deps = {
    live: folder,
    settings,
    findKey: keyFinder(settings, store.db),
    store,
    catalog,
    signaler,
    temporal,
    outbox: noOutbox,
    log,
    mutex: new KeyedMutex(),
    now: () => clock.now,
    timeZone: settings.BELAY_TIME_ZONE,
    draining: { begun: false },
    uiUrl: undefined,
    scrape: openScrape({
      health,
      clock: { now: () => clock.now, warning: undefined, skewMs: 0 },
    }),
    warnings: () => [],
    ...own,
  }
  const server = httpServer().on('request', createApp(deps))
  const live = await openLive(server, deps)
  await listen(server, { host: '127.0.0.1', port: 0, variable: 'PORT' })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    deps,
    live,
    clock,
    call: (method, path, options) => call(url, method, path, options),
    async close() {
      await live.close()
      server.close()
      server.closeAllConnections()
      await health.close()
      await client.connection.close()
      await store.close()
    },
  }
}

async function call(url: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { body, key = SECRET_KEY } = options
  const response = await fetch((options.url ?? url) + path, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = { status: response.status, headers: response.headers, body: text === '' ? undefined : parsed(text) }
  if (response.status === 200) holdAgainstSchema(method, path, answer.body)
  return answer
}

function parsed(text: string): unknown {
  return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text
}

/** Neither a field too few nor one that is not documented. */
function holdAgainstSchema(method: string, path: string, body: unknown): void {
  const name = path.split('?')[0]!
  const route = routes.find(
    (each) => each.method === method.toLowerCase() && new RegExp(`^${each.path.replace(/:\w+/g, '[^/]+')}$`).test(name),
  )
  if (route !== undefined) assert.deepEqual(route.response.parse(body), body)
}

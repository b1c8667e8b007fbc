import { NativeConnection } from '@temporalio/worker'
import { pino } from 'pino'
import { startApi } from '../../api/http/server.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { readSettings } from '../../settings/settings.ts'
import { openClock } from '../../store/clock/open-clock.ts'
import { openPostgres, type Store } from '../../store/postgres/database.ts'
import { pooledBy } from '../../store/postgres/pooled.ts'
import { openConnection } from '../../temporal/connection.ts'
import { registerWithTemporal } from '../../temporal/register.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { startWorker } from '../../worker/worker.ts'
import { testBundle } from '../servers/bundle.ts'
import { PUBLIC_KEY, SECRET_KEY } from './api-server.ts'
import { Belay } from './belay.ts'

export interface PartsOptions {
  notifications: string
  /** Of Postgres. */
  database: string
  /** Of Temporal, whose namespace is `default`. */
  address: string
  /** Where the api reaches it, if that is elsewhere. */
  apiAddress?: string
  /** Any settings besides. */
  env?: NodeJS.ProcessEnv
  /** Of the worker; absent: the one of all tests. */
  bundle?: { code: string }
}

export interface Parts {
  belay: Belay
  store: Store
  stop(): Promise<void>
}

const namespace = 'default'
const log = pino({ level: 'silent' })
await installRuntime(log)

/** Tables, api and worker in this process, as `npm run migrate`, `api` and `worker` are: on servers that others started. */
export function startParts(options: PartsOptions): Promise<Parts> {
  return start(options, async (opened) => {
    const { connection } = opened
    await registerWithTemporal({ connection, namespace, db: opened.store.db, log, settings: opened.settings })
    await addWorker(options, opened)
    return addApi(options, opened)
  })
}

/** As `npm run api`: the tables are there, and nothing is asked of Temporal that an api does not. */
export function startApiPart(options: PartsOptions): Promise<Parts> {
  return start(options, (opened) => addApi(options, opened))
}

/** As `npm run worker`. */
export async function startWorkerPart(options: PartsOptions): Promise<{ stop(): Promise<void> }> {
  return start(options, async (opened) => {
    await addWorker(options, opened)
    return opened
  })
}

type Opened = Awaited<ReturnType<typeof open>>

async function start<Started extends object>(
  options: PartsOptions,
  work: (opened: Opened) => Promise<Started>,
): Promise<Started & { store: Store; stop(): Promise<void> }> {
  const closers: (() => unknown)[] = []
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const opened = await open(options, closers)
    return { ...(await work(opened)), store: opened.store, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function open(
  { notifications, database, address, apiAddress = address, env = {} }: PartsOptions,
  closers: (() => unknown)[],
) {
  const settings = readSettings({
    PORT: '0',
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    BELAY_NOTIFICATIONS_DIR: notifications,
    LOG_LEVEL: 'silent',
    ...env,
  })
  const store = openPostgres(database, pooledBy(settings))
  closers.push(() => store.close())
  await store.migrate()
  const clock = await openClock(store.db, log)
  closers.push(() => clock.close())
  const { connection, renew, close } = openConnection({ address: apiAddress })
  closers.push(close)
  return { settings, store, clock, connection, renew, closers }
}

async function addWorker(
  { address, bundle }: PartsOptions,
  { closers, settings, store, clock }: Opened,
): Promise<void> {
  const connection = await NativeConnection.connect({ address })
  closers.push(() => connection.close())
  const worker = await startWorker({
    settings,
    store,
    clock,
    connection,
    namespace,
    log,
    bundle: bundle ?? (await testBundle()),
  })
  closers.push(() => worker.stop())
}

async function addApi({ notifications }: PartsOptions, { closers, ...opened }: Opened): Promise<{ belay: Belay }> {
  const catalog = await readCatalog(notifications)
  const api = await startApi({ ...opened, namespace, log, catalog })
  closers.push(() => api.close())
  return { belay: new Belay(() => api.url, SECRET_KEY) }
}

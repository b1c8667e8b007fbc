import { Client, Connection } from '@temporalio/client'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { startEmbedded, type Embedded } from '../../embedded/start.ts'
import { readSettings } from '../../settings/settings.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { PUBLIC_KEY, SECRET_KEY } from './api-server.ts'
import { Belay } from './belay.ts'
import { temporalCli } from '../servers/binaries.ts'
import { testBundle } from '../servers/bundle.ts'
import { temporaryFolder } from '../fixtures/folder.ts'
import { pgliteFolder } from '../servers/pglite.ts'
import { testPostgres } from '../servers/postgres.ts'

export interface ProductOptions {
  /** The notifications folder. */
  notifications: string
  /** Unset: PGlite in the data folder, which has its tables already. */
  store?: 'postgres'
  /** Any settings besides. */
  env?: NodeJS.ProcessEnv
}

export interface Product {
  belay: Belay
  /** Of the api; another one after a start. */
  apiUrl: () => string
  /** Temporal, as an operator sees it. */
  temporal: Client
  /** As the CLI takes it. */
  temporalAddress: () => string
  /** The dev server's process; another one after it died. */
  temporalPid: () => number
  stop(): Promise<void>
  /** Starts again on the same data folder, with a notifications folder of its own and other settings if given. */
  start(notifications?: string, env?: NodeJS.ProcessEnv): Promise<void>
}

let installed = false

/** The settings of an embedded start on free ports and a data folder of its own. */
export async function productSettings(
  t: { after(close: () => unknown): void },
  { notifications, env = {} }: ProductOptions,
): Promise<NodeJS.ProcessEnv> {
  return {
    PORT: '0',
    TEMPORAL_DEV_PORT: '0',
    TEMPORAL_DEV_UI_PORT: '0',
    TEMPORAL_CLI_PATH: await temporalCli(),
    BELAY_DATA_DIR: temporaryFolder(),
    BELAY_NOTIFICATIONS_DIR: notifications,
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
    ...env,
  }
}

/** The whole product in this process, with a dev server as its child, and a caller. Ends with the test. */
export async function startProduct(
  t: { after(close: () => unknown): void },
  options: ProductOptions,
): Promise<Product> {
  let running: Embedded | undefined
  let connection: Connection | undefined
  const stop = async () => {
    await connection?.close()
    await running?.stop()
    connection = undefined
    running = undefined
  }
  // First of all: hooks run in the order of their registration.
  t.after(stop)
  const env = await productSettings(t, options)
  if (options.store === 'postgres') {
    const database = await testPostgres()
    t.after(() => database.drop())
    env['DATABASE_URL'] = database.url
  }
  if (env['DATABASE_URL'] === undefined) await pgliteFolder(join(env['BELAY_DATA_DIR']!, 'postgres'))
  const log = pino({ level: env['LOG_LEVEL'] }, pino.destination({ dest: 2, sync: true }))
  if (!installed) await installRuntime(log)
  installed = true

  async function start(notifications = options.notifications, others: NodeJS.ProcessEnv = {}): Promise<void> {
    const settings = readSettings({ ...env, ...others, BELAY_NOTIFICATIONS_DIR: notifications })
    running = await startEmbedded(settings, log, { bundle: await testBundle() })
    connection = Connection.lazy({ address: running.temporalAddress })
  }

  await start()
  return {
    belay: new Belay(() => running!.apiUrl, SECRET_KEY),
    apiUrl: () => running!.apiUrl,
    get temporal() {
      return new Client({ connection: connection!, namespace: running!.namespace })
    },
    temporalAddress: () => running!.temporalAddress,
    temporalPid: () => Number(readFileSync(join(env['BELAY_DATA_DIR']!, 'temporal.db.pid'), 'utf8')),
    stop,
    start,
  }
}

import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { pino } from 'pino'
import { startDevServer } from '../../embedded/dev-server.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../product/api-server.ts'
import { Belay } from '../product/belay.ts'
import { temporalCli } from './binaries.ts'
import { temporaryFolder } from '../fixtures/folder.ts'
import { freePort } from './ports.ts'
import { testPostgres } from './postgres.ts'
import { runScript, type Script } from './process.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export interface Processes {
  belay: Belay
  /** Of the api. */
  url: string
  api: Script
  worker: Script
  /** Of the dev server. */
  temporalAddress: string
  databaseUrl: string
  /** Where each serves its metrics. */
  metrics: { api: string; worker: string }
}

/** An api and a worker as processes of their own, on a dev server and a Postgres. They end with the test. */
export async function startProcesses(
  t: { after(close: () => unknown): void },
  notifications: string,
  given: NodeJS.ProcessEnv = {},
): Promise<Processes> {
  const dbFile = join(temporaryFolder(), 'temporal.db')
  const closers: (() => unknown)[] = []
  t.after(async () => {
    for (const close of closers.reverse()) await close()
  })
  const database = await testPostgres()
  closers.push(() => database.drop())
  const [port, temporalPort, uiPort] = [await freePort(), await freePort(), await freePort()] as const
  const log = pino({ level: 'silent' })
  const temporal = await startDevServer({ cli: await temporalCli(), dbFile, port: temporalPort, uiPort, log })
  closers.push(() => temporal.stop())
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    BELAY_NOTIFICATIONS_DIR: notifications,
    PORT: String(port),
    LOG_LEVEL: 'info',
    ...given,
  }
  const start = (script: string, metricsPort?: number) => {
    const own = metricsPort === undefined ? {} : { BELAY_METRICS_PORT: String(metricsPort) }
    const started = runScript(file(script), [], { ...env, ...own })
    closers.push(async () => {
      started.kill('SIGTERM')
      await started.ended
    })
    return started
  }
  const migration = start('worker/migrate-main.ts')
  if ((await migration.ended) !== 0) throw new Error(migration.output())
  const ports = { api: await freePort(), worker: await freePort() }
  const [api, worker] = [start('api/main.ts', ports.api), start('worker/main.ts', ports.worker)]
  await Promise.all([api.says('api listens'), worker.says('worker polls')])
  const url = `http://127.0.0.1:${port}`
  const at = (metricsPort: number) => `http://127.0.0.1:${metricsPort}/metrics`
  return {
    belay: new Belay(() => url, SECRET_KEY),
    url,
    api,
    worker,
    temporalAddress: temporal.address,
    databaseUrl: database.url,
    metrics: { api: at(ports.api), worker: at(ports.worker) },
  }
}

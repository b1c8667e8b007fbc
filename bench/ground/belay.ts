import type { WorkerOptions } from '@temporalio/worker'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../embedded/ports.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { runScript, type Script } from '../../testing/servers/process.ts'
import type { Bench } from '../bench.ts'
import { Caller } from './caller.ts'
import type { BenchPostgres } from './postgres.ts'
import type { BenchTemporal } from './temporal.ts'

export interface BenchBelay {
  caller: Caller
  /** Of the api process. */
  apiUrl: string
  api: BenchProcess
  worker: BenchProcess
  /** Ends the worker process and starts another. Resolves when that polls; answers after how many milliseconds. */
  restartWorker(): Promise<number>
}

export interface BenchProcess {
  /** Resident memory, bytes (Linux). */
  memory(): number
}

export interface BelayOptions {
  postgres: Pick<BenchPostgres, 'url'>
  temporal: Pick<BenchTemporal, 'address'>
  /** Over worker/options.ts. */
  worker?: Partial<WorkerOptions>
  env?: NodeJS.ProcessEnv
  /** The notifications folder; bench/notifications unless given. */
  notifications?: string
}

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The product as it runs in production: migrated, an api process and a worker process. */
export async function benchBelay(bench: Bench, options: BelayOptions): Promise<BenchBelay> {
  const port = await freePort()
  const env = {
    DATABASE_URL: options.postgres.url,
    TEMPORAL_ADDRESS: options.temporal.address,
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    BELAY_NOTIFICATIONS_DIR: options.notifications ?? file('bench/notifications'),
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    BENCH_WORKER_OPTIONS: JSON.stringify(options.worker ?? {}),
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'info',
    ...options.env,
  }
  const stop = async (script: Script) => {
    script.kill('SIGTERM')
    await script.ended
  }
  const migration = runScript(file('worker/migrate-main.ts'), [], env)
  if ((await migration.ended) !== 0) throw new Error(migration.output())
  const startWorker = async () => {
    // As `npm run worker` starts it.
    const NODE_OPTIONS = '--max-semi-space-size=64'
    const script = runScript(file('bench/ground/worker-process.ts'), [], { ...env, NODE_OPTIONS })
    await script.says('worker polls')
    return script
  }
  let worker = await startWorker()
  bench.after(() => stop(worker))
  // As `npm run api` starts it.
  const api = runScript(file('api/main.ts'), [], { ...env, NODE_OPTIONS: '--max-semi-space-size=32' })
  bench.after(() => stop(api))
  await api.says('api listens')
  const apiUrl = `http://127.0.0.1:${port}`
  const caller = new Caller(apiUrl, SECRET_KEY)
  bench.after(() => caller.close())
  return {
    caller,
    apiUrl,
    api: { memory: () => residentMemory(api.pid) },
    worker: { memory: () => residentMemory(worker.pid) },
    async restartWorker() {
      await stop(worker)
      const started = performance.now()
      worker = await startWorker()
      return performance.now() - started
    },
  }
}

function residentMemory(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1_024
}

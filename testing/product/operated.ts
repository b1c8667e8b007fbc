import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { startDevServer, type DevServer } from '../../embedded/dev-server.ts'
import { temporaryFolder } from '../fixtures/folder.ts'
import { temporalCli } from '../servers/binaries.ts'
import { freePort } from '../servers/ports.ts'
import { testPostgres } from '../servers/postgres.ts'
import { runScript, type Script } from '../servers/process.ts'
import { PUBLIC_KEY, SECRET_KEY } from './api-server.ts'
import { Belay } from './belay.ts'

const main = (name: string) => fileURLToPath(new URL(`../../${name}-main.ts`, import.meta.url))
const log = pino({ level: 'silent' })

async function temporalOn(dbFile: string, port: number): Promise<DevServer> {
  return startDevServer({ cli: await temporalCli(), dbFile, port, uiPort: await freePort(), log })
}

/** Belay as an operator has it: api, worker and Temporal as processes, on Postgres, and the commands of docs/operations.md. */
export class Operated {
  readonly belay: Belay
  readonly env: Record<string, string>
  dbFile: string
  #temporal: DevServer | undefined
  #api: Script | undefined
  #worker: Script | undefined

  private constructor(env: Record<string, string>, dbFile: string) {
    this.env = env
    this.dbFile = dbFile
    this.belay = new Belay(() => `http://127.0.0.1:${this.env['PORT']!}`, SECRET_KEY)
  }

  /** Everything is started; it ends with the test. */
  static async start(
    t: Pick<TestContext, 'after'>,
    notifications: string,
    more: Record<string, string> = {},
  ): Promise<Operated> {
    const database = await testPostgres()
    const operated = new Operated(
      {
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
        TEMPORAL_NAMESPACE: 'default',
        BELAY_SECRET_KEY: SECRET_KEY,
        BELAY_PUBLIC_KEY: PUBLIC_KEY,
        BELAY_HTTP_ALLOW_PRIVATE: 'true',
        BELAY_NOTIFICATIONS_DIR: notifications,
        PORT: String(await freePort()),
        LOG_LEVEL: 'warn',
        ...more,
      },
      join(temporaryFolder(), 'temporal.db'),
    )
    t.after(async () => {
      await operated.stopBelay()
      await operated.stopTemporal()
      await database.drop()
    })
    await operated.startTemporal()
    const migrated = await operated.command('worker/migrate')
    if (migrated.code !== 0) throw new Error(migrated.output)
    await operated.startBelay()
    return operated
  }

  async startTemporal(): Promise<void> {
    this.#temporal = await temporalOn(this.dbFile, Number(this.env['TEMPORAL_ADDRESS']!.split(':')[1]))
  }

  async stopTemporal(): Promise<void> {
    await this.#temporal?.stop()
    this.#temporal = undefined
  }

  async startBelay(): Promise<void> {
    const env = { ...this.env, LOG_LEVEL: 'info' }
    this.#api = runScript(fileURLToPath(new URL('../../api/main.ts', import.meta.url)), [], env)
    this.#worker = runScript(fileURLToPath(new URL('../../worker/main.ts', import.meta.url)), [], env)
    await Promise.all([this.#api.says('api listens'), this.#worker.says('worker polls')])
  }

  /** As an operator does: by SIGTERM. */
  async stopBelay(): Promise<void> {
    for (const script of [this.#api, this.#worker]) {
      script?.kill('SIGTERM')
      await script?.ended
    }
    this.#api = undefined
    this.#worker = undefined
  }

  /** What a command says, and how it ends. */
  async command(name: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ended> {
    const script = runScript(main(name), args, { ...this.env, ...env })
    return { code: await script.ended, output: script.output().trim() }
  }

  doctor(...args: string[]): Promise<Ended> {
    return this.command('worker/doctor', args)
  }
}

interface Ended {
  code: number | string | null
  output: string
}

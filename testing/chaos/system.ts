import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { endedWithParent } from '../../embedded/ended-with-parent.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../product/api-server.ts'
import { temporaryFolder } from '../fixtures/folder.ts'
import { temporalCli } from '../servers/binaries.ts'
import { freePort } from '../servers/ports.ts'
import { startPostgres } from '../servers/postgres-server.ts'
import { runScript, type Script } from '../servers/process.ts'
import { Part, type Running } from './part.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const shiftedClock = pathToFileURL(fileURLToPath(new URL('shifted-clock.mjs', import.meta.url))).href

/** Everything that runs, by name. */
export interface System {
  parts: ReadonlyMap<string, Part>
  url: string
  /** By so many milliseconds the clocks of Belay's processes are off; see shifted-clock.mjs. */
  clockFile: string
  /** The store's clock is among them, as PGlite's is. */
  shiftsStore: boolean
  /** Settings of a process of Belay's, for a look from outside. */
  env: NodeJS.ProcessEnv
  close(): Promise<void>
}

export interface SystemOptions {
  notifications: string
  smtpUrl: string
  /** `.ts` from the sources, `.js` as `npm run build` has made it. */
  code: 'sources' | 'built'
  /** Where Postgres has its folder; absent: among the temporary files. */
  disk?: string | undefined
}

async function common({ notifications, smtpUrl }: SystemOptions) {
  const clockFile = join(temporaryFolder(), 'clock')
  return {
    port: await freePort(),
    clockFile,
    env: {
      BELAY_SECRET_KEY: SECRET_KEY,
      BELAY_PUBLIC_KEY: PUBLIC_KEY,
      BELAY_HTTP_ALLOW_PRIVATE: 'true',
      BELAY_EMAIL_FROM: 'belay@example.com',
      SMTP_URL: smtpUrl,
      BELAY_NOTIFICATIONS_DIR: notifications,
      LOG_LEVEL: 'info',
      NODE_OPTIONS: `--import ${shiftedClock}`,
      CHAOS_CLOCK_FILE: clockFile,
    },
  }
}

function running(script: Script, says: string): Running {
  return { pid: script.pid, ready: script.says(says), ended: script.ended, words: () => script.output() }
}

/** api, worker, Temporal's dev server with a file, and Postgres: a process each. */
export async function startProcessesSystem(options: SystemOptions): Promise<System> {
  const { port, clockFile, env: shared } = await common(options)
  const postgres = await startPostgres([], options.disk)
  const temporalPort = await freePort()
  const dbFile = join(temporaryFolder(), 'temporal.db')
  const env = {
    ...shared,
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
    PORT: String(port),
  }
  const cli = await temporalCli()
  const file = (name: string) => join(root, options.code === 'built' ? `dist/${name}.js` : `${name}.ts`)
  const script = (name: string, says: string) =>
    new Part(name.split('/')[0]!, () => Promise.resolve(running(runScript(file(name), [], env), says)))

  let isFirst = true
  const parts = [
    new Part('postgres', async () => {
      if (!isFirst) await postgres.resume()
      isFirst = false
      return {
        pid: postgres.pid(),
        ready: Promise.resolve(),
        ended: postgres.ended(),
        words: () => 'Postgres keeps no log here',
      }
    }),
    new Part('temporal', () => Promise.resolve(temporalServer(cli, temporalPort, dbFile))),
    script('api/main', 'api listens'),
    script('worker/main', 'worker polls'),
  ]
  // It is run by the harness alone, and a full disk ends it.
  parts[0]!.excused = true
  const byName = new Map(parts.map((part) => [part.name, part]))
  for (const name of ['postgres', 'temporal']) {
    byName.get(name)!.start()
    await byName.get(name)!.ready()
  }
  const migration = runScript(file('worker/migrate-main'), [], env)
  if ((await migration.ended) !== 0) throw new Error(migration.output())
  for (const name of ['api', 'worker']) byName.get(name)!.start()
  await Promise.all(parts.map((part) => part.ready()))
  return {
    parts: byName,
    url: `http://127.0.0.1:${port}`,
    clockFile,
    shiftsStore: false,
    env,
    async close() {
      for (const part of [...parts].reverse()) await part.kill()
      await postgres.stop()
    },
  }
}

/** `npm start`: api, worker and PGlite in one process, and Temporal's dev server as its child, which it watches over itself. */
export async function startEmbeddedSystem(options: SystemOptions): Promise<System> {
  const { port, clockFile, env: shared } = await common(options)
  const data = temporaryFolder()
  const env = {
    ...shared,
    DATABASE_URL: '',
    PORT: String(port),
    TEMPORAL_DEV_PORT: '0',
    TEMPORAL_DEV_UI_PORT: '0',
    TEMPORAL_CLI_PATH: await temporalCli(),
    BELAY_DATA_DIR: data,
  }
  const belay = new Part('belay', () =>
    Promise.resolve(running(runScript(join(root, 'embedded/main.ts'), [], env), 'Belay is ready.')),
  )
  belay.start()
  await belay.ready()
  return {
    parts: new Map([
      ['belay', belay],
      ['temporal', new Watched('temporal', () => Number(readFileSync(join(data, 'temporal.db.pid'), 'utf8')))],
    ]),
    url: `http://127.0.0.1:${port}`,
    clockFile,
    shiftsStore: true,
    env,
    close: () => belay.kill(),
  }
}

/** A process that another one watches over: it is killed here, and started again there. */
class Watched extends Part {
  readonly #pid: () => number

  constructor(name: string, pid: () => number) {
    super(name, () => Promise.reject(new Error('is started by what watches over it')))
    this.#pid = pid
  }

  override start(): void {
    // Whoever watches over it does.
  }

  override kill(): Promise<void> {
    this.#signal('SIGKILL')
    return Promise.resolve()
  }

  override pause(): void {
    this.#signal('SIGSTOP')
  }

  override goOn(): void {
    this.#signal('SIGCONT')
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      const pid = this.#pid()
      // Its file is empty while it is written, and 0 would be this process and all of its group.
      if (pid > 0) process.kill(pid, signal)
    } catch {
      // Neither its file nor it is there just now.
    }
  }
}

function temporalServer(cli: string, port: number, dbFile: string): Running {
  const options = ['--ip', '127.0.0.1', '--port', String(port), '--headless', '--log-level', 'never']
  const [command, args] = endedWithParent('TERM', cli, ['server', 'start-dev', ...options, '--db-filename', dbFile])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const hear = (chunk: Buffer) => void (said = (said + chunk.toString()).slice(-10_000))
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = once(child, 'close')
  const ready = new Promise<void>((resolve, reject) => {
    const look = () => {
      // It names its address once it answers.
      if (said.includes(String(port))) resolve()
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    void ended.then(() => reject(new Error(said)))
  })
  return { pid: child.pid!, ready, ended, words: () => said }
}

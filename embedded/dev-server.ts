import { Connection } from '@temporalio/client'
import { spawn, type ChildProcess } from 'node:child_process'
import { basename, dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { forgetServer, markOf, rememberServer } from './lingering.ts'
import { StartError } from './start-error.ts'
import { endedWithParent } from './ended-with-parent.ts'

/**
 * By the try. It picks ports for its inner services itself, and dies if another process was faster: seen in 2 of 1,000
 * starts; once it lived and never answered.
 */
const READY_WITHIN_MS = [20_000, 40_000, 60_000]
const KILL_AFTER_MS = 10_000
const LONGEST_PAUSE_MS = 15_000
/** Up for this long, a server that then dies is started again without a longer pause. */
const STEADY_MS = 60_000

export const NAMESPACE = 'default'

/**
 * Its HTTP API would take text/plain from any origin: a web page in the developer's browser could cancel everything. It
 * answers to a host that nothing has.
 */
const CLOSED = ['--dynamic-config-value', 'frontend.httpAllowedHosts=["nobody.invalid"]']

export interface DevServerOptions {
  cli: string
  dbFile: string
  port: number
  uiPort: number
  log: Logger
  /** How long each try may take until it answers, milliseconds; READY_WITHIN_MS unless given. */
  readyWithinMs?: readonly number[]
}

export interface DevServer {
  address: string
  uiUrl: string
  /** Its process, which changes when it had to be started again. */
  pid(): number | undefined
  stop(): Promise<void>
}

/**
 * Runs Temporal's dev server as a child and resolves once it answers. If it dies by itself it is started again, on the same
 * ports and file, for as long as it takes. It has a session of its own, so that Ctrl-C leaves it to `stop`, which is called
 * when the worker has drained.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { dbFile, port, uiPort, log, readyWithinMs = READY_WITHIN_MS } = options
  const address = addressOf(port)
  let stopped = false
  let attempt = 0
  let restart: NodeJS.Timeout | undefined

  let server = launch(options)
  const killNow = () => server.child.kill('SIGKILL')
  process.on('exit', killNow)

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(restart)
    const force = setTimeout(killNow, KILL_AFTER_MS)
    server.child.kill('SIGTERM')
    await server.ended
    clearTimeout(force)
    process.off('exit', killNow)
    forgetServer(dbFile)
  }

  function watch(startedAt: number): void {
    void server.ended.then((reason) => {
      if (stopped) return
      attempt = Date.now() - startedAt > STEADY_MS ? 1 : attempt + 1
      const pauseMs = Math.min(250 * 2 ** attempt, LONGEST_PAUSE_MS)
      log.error({ reason, pauseMs }, 'the Temporal server died; what is accepted meanwhile waits until it is back')
      restart = setTimeout(() => {
        server = launch(options)
        watch(Date.now())
        answers(options, server.ended, readyWithinMs.at(-1)!).then(
          () => log.info({ address }, 'the Temporal server is back'),
          // It died again, which the watch sees, or hangs, which is ended here.
          () => server.child.kill('SIGKILL'),
        )
      }, pauseMs)
    })
  }

  for (const [tried, withinMs] of readyWithinMs.entries()) {
    try {
      await answers(options, server.ended, withinMs)
      break
    } catch (error) {
      if (!(error instanceof StartError) || tried === readyWithinMs.length - 1) {
        await stop()
        throw error
      }
      const reason = error instanceof EndedAtStart ? error.reason : error.message
      log.warn({ reason }, 'the Temporal server did not come up; trying again')
      killNow()
      await server.ended
      server = launch(options)
    }
  }
  watch(Date.now())
  return { address, uiUrl: `http://127.0.0.1:${uiPort}`, pid: () => server.child.pid, stop }
}

class EndedAtStart extends StartError {
  readonly reason: string

  constructor(cli: string, reason: string) {
    super(`The Temporal server ended at its start (${reason}); it was ${cli}, and TEMPORAL_CLI_PATH names another`)
    this.reason = reason
  }
}

const addressOf = (port: number) => `127.0.0.1:${port}`

interface Launched {
  child: ChildProcess
  /** How it ended, and what it said last. */
  ended: Promise<string>
}

function launch({ cli, dbFile, port, uiPort, log }: DevServerOptions): Launched {
  // Relative to its folder: the CLI reads a path as part of an address, in which # ? and % say something else.
  const file = ['--db-filename', basename(dbFile)]
  const where = ['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort), ...file]
  const quiet = ['--log-level', 'error', '--ui-disable-news-fetch']
  const all = ['server', 'start-dev', ...where, ...quiet, ...CLOSED, ...markOf(dbFile)]
  const [command, args] = endedWithParent('TERM', cli, all)
  const child = spawn(command, args, { cwd: dirname(dbFile), detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    const text = chunk.toString()
    said = (said + text).slice(-10_000)
    log.debug({ temporal: text.trimEnd() }, 'the Temporal server says')
  })
  if (child.pid !== undefined) rememberServer(dbFile, child.pid)
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => {
      resolve(`${signal ?? `code ${code ?? 0}`}: ${lastWords(said) || 'it said nothing'}`)
    })
  })
  return { child, ended }
}

/** Of a Go panic its first line, which says why; the stack below it does not. */
function lastWords(said: string): string {
  const [panic] = /^panic: .*/m.exec(said) ?? []
  return panic ?? said.trim().slice(-1_000)
}

/** Resolves when the server knows its namespace; rejects if it ends first or takes too long. */
async function answers({ cli, port }: DevServerOptions, ended: Promise<string>, withinMs: number): Promise<void> {
  const address = addressOf(port)
  let how: string | undefined
  void ended.then((reason) => (how = reason))
  const deadline = Date.now() + withinMs
  // Without the retry interceptor: a retry under way when the connection closes is thrown at nobody.
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 200 }
  const connection = Connection.lazy({ address, interceptors: [], channelArgs })
  const asks = () => connection.workflowService.describeNamespace({ namespace: NAMESPACE })
  try {
    for (;;) {
      try {
        await connection.withDeadline(Date.now() + 1_000, asks)
        return
      } catch (error) {
        if (how !== undefined) throw new EndedAtStart(cli, how)
        if (Date.now() > deadline) {
          throw new StartError(`The Temporal server did not answer at ${address} in ${withinMs / 1_000} s`, {
            cause: error,
          })
        }
        await wait(50)
      }
    }
  } finally {
    await connection.close()
  }
}

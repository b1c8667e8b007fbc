import type { Logger } from 'pino'

export interface Stopping {
  /** Aborted when the process is to end. */
  signal: AbortSignal
  /** 0 if it was asked to, 1 if something failed. */
  exitCode(): number
  /** From here on errors are told here rather than on standard error. */
  useLog(log: Logger): void
  /** Something failed that the process cannot go on without. */
  fail(error: unknown, what: string): void
}

interface StoppingOptions {
  secondEnds?: boolean
  /** What SIGHUP does instead of ending the process. */
  onHangup?: () => void
}

/** Compose kills after 30 s. */
const AT_MOST_MS = 28_000
/** One Ctrl-C arrives twice under npm: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500

/**
 * The one place that decides when this process ends, and what an error does that nothing handles: it is logged with its
 * class, the process leaves the rotation, finishes what it has begun, and ends with 1. Signals end it with 0. A second one
 * is ignored, or ends it at once if `secondEnds`: whoever asks twice at a terminal does not want to wait. It ends half a
 * minute later in any case.
 */
export function untilStopped({ secondEnds = false, onHangup }: StoppingOptions = {}): Stopping {
  const stop = new AbortController()
  let code = 0
  let logger: Logger | undefined

  const leave = () => {
    if (stop.signal.aborted) return
    setTimeout(() => {
      logger?.error('what was begun has not ended in time; the process ends all the same')
      process.exit(code === 0 ? 1 : code)
    }, AT_MOST_MS).unref()
    stop.abort()
  }
  const fail = (error: unknown, what: string) => {
    code = 1
    if (logger === undefined) console.error(what, error)
    else logger.fatal({ err: error, class: error instanceof Error ? error.name : typeof error }, what)
    leave()
  }
  let askedAt = Infinity
  if (onHangup !== undefined) process.on('SIGHUP', onHangup)
  for (const name of onHangup === undefined
    ? (['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    : (['SIGTERM', 'SIGINT'] as const)) {
    process.on(name, () => {
      if (secondEnds && performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(1)
      askedAt = Math.min(askedAt, performance.now())
      leave()
    })
  }
  process.on('uncaughtException', (error) => fail(error, 'an error that nothing handles'))
  process.on('unhandledRejection', (error) => fail(error, 'a rejected promise that nothing awaits'))
  // A terminal or a pipe that has gone.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  return {
    signal: stop.signal,
    exitCode: () => code,
    useLog: (log) => {
      logger = log
    },
    fail,
  }
}

import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker'
import type { Logger } from 'pino'

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const satisfies Record<
  LogLevel,
  string
>

/**
 * Once a process, before any worker or native connection. The SDK's log goes where ours goes, and it takes no signals:
 * who started the worker stops it.
 */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const { error, ...rest } = meta ?? {}
      log[LEVELS[level]]({ ...plain(rest), ...(error === undefined ? {} : { err: error as unknown }) }, message)
    }),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  })
}

/** JSON has no bigints, and the SDK's records do. */
function plain(meta: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
  )
}

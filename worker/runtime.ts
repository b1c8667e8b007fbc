import { DefaultLogger, Runtime, type LogLevel, type MetricsExporterConfig } from '@temporalio/worker'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { sdkServesAt } from '../metrics/sdk-metrics.ts'
import type { Settings } from '../settings/settings.ts'

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const satisfies Record<
  LogLevel,
  string
>

/** A port that was free may be taken by the time it is used. */
const DRAWS = 5

/**
 * Once a process, before any worker or native connection. The SDK's log goes where ours goes, and it takes no signals:
 * who started the worker stops it. Its own metrics are served on a loopback port of the kernel's choice, from where ours
 * read them, so that one address tells all of a process; only where BELAY_METRICS_PORT is set.
 */
export async function installRuntime(
  log: Logger,
  { BELAY_METRICS_PORT: asked }: Partial<Pick<Settings, 'BELAY_METRICS_PORT'>> = {},
): Promise<void> {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const { error, ...rest } = meta ?? {}
    log[LEVELS[level]]({ ...plain(rest), ...(error === undefined ? {} : { err: error as unknown }) }, message)
  })
  const logging = { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } as const
  const install = (metrics?: MetricsExporterConfig) =>
    Runtime.install({ logger, telemetryOptions: { logging, ...(metrics && { metrics }) }, shutdownSignals: [] })
  if (asked === undefined) {
    install()
    return
  }
  for (let draw = 1; ; draw += 1) {
    const port = await freePort()
    try {
      install({ prometheus: { bindAddress: `127.0.0.1:${port}`, ...PROMETHEUS_STYLE } })
      sdkServesAt(port)
      return
    } catch (error) {
      if (draw === DRAWS) throw error
    }
  }
}

/** Names as Prometheus recommends them: `temporal_request_latency_seconds`, `temporal_request_total`. */
const PROMETHEUS_STYLE = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } as const

async function freePort(): Promise<number> {
  const server = createServer().on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** JSON has no bigints, and the SDK's records do. */
function plain(meta: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
  )
}

import type { Settings } from '../settings/settings.ts'
import type { TracedWork, Tracing } from './traced-work.ts'

let tracing: Tracing | undefined

/**
 * Traces this process to the collector at OTEL_EXPORTER_OTLP_ENDPOINT, until what it answers is called; without that
 * setting nothing is traced, and nothing of OpenTelemetry is loaded. Once a process.
 */
export async function startTracing(
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Pick<Settings, 'OTEL_EXPORTER_OTLP_ENDPOINT'>,
  service: string,
): Promise<() => Promise<void>> {
  if (endpoint === undefined) return () => Promise.resolve()
  const { otlpTracing } = await import('./otlp-tracing.ts')
  const started = otlpTracing(endpoint, service)
  tracing = started
  return async () => {
    tracing = undefined
    await started.close()
  }
}

/**
 * Begins a part of the trace that `parent`, a traceparent, names; a server begins one of its own where none is named.
 * Undefined where this process does not trace, and where who began the trace did not want it recorded.
 */
export function traceWork(...work: Parameters<Tracing['begin']>): TracedWork | undefined {
  return tracing?.begin(...work)
}

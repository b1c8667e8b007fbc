import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Tracing } from './traced-work.ts'

/** What a process that ends has not exported by then is lost. */
const CLOSE_MS = 3_000
const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const

/** Exports in batches behind the work: a collector that is away, or slow, costs spans and nothing else. */
export function otlpTracing(endpoint: string, service: string): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  const tracer = provider.getTracer('belay')
  return {
    begin(name, kind, parent, attributes = {}) {
      const above = parent == null ? null : parseTraceParent(parent)
      if (above === null && kind !== 'server') return undefined
      const within = above === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...above, isRemote: true })
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, within)
      if (!span.isRecording()) return undefined
      const { traceId, spanId } = span.spanContext()
      return {
        traceparent: `00-${traceId}-${spanId}-0${TraceFlags.SAMPLED}`,
        rename: (given) => void span.updateName(given),
        add: (given) => void span.setAttributes(given),
        end(problem) {
          if (problem !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: problem })
          span.end()
        },
      }
    },
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
      await Promise.race([provider.shutdown().catch(() => undefined), late])
    },
  }
}

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Settings } from '../settings/settings.ts'

/** What a process that ends has not exported by then is lost. */
const CLOSE_MS = 3_000

let tracer: ReturnType<BasicTracerProvider['getTracer']> | undefined

/**
 * Traces this process to the collector at OTEL_EXPORTER_OTLP_ENDPOINT, until what it answers is called; without that
 * setting nothing is traced, at no cost. Spans are exported in batches behind the work: a collector that is away, or slow,
 * costs spans and nothing else. Once a process.
 */
export function startTracing(
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Pick<Settings, 'OTEL_EXPORTER_OTLP_ENDPOINT'>,
  service: string,
): () => Promise<void> {
  if (endpoint === undefined) return () => Promise.resolve()
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  tracer = provider.getTracer('belay')
  return async () => {
    tracer = undefined
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
    await Promise.race([provider.shutdown().catch(() => undefined), late])
  }
}

/** A part of a trace that is recorded. */
export interface TracedWork {
  /** Names it to whoever continues it: W3C's traceparent. */
  traceparent: string
  rename(name: string): void
  add(attributes: Attributes): void
  /** With the class of what it failed for, never a message: those quote. */
  end(problem?: string): void
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const

/**
 * Begins a part of the trace that `parent`, a traceparent, names; a server begins one of its own where none is named.
 * Undefined where this process does not trace, and where who began the trace did not want it recorded.
 */
export function traceWork(
  name: string,
  kind: keyof typeof KINDS,
  parent: string | null | undefined,
  attributes: Attributes = {},
): TracedWork | undefined {
  if (tracer === undefined) return undefined
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
}

import type { Attributes } from '@opentelemetry/api'

/** A part of a trace that is recorded. */
export interface TracedWork {
  /** Names it to whoever continues it: W3C's traceparent. */
  traceparent: string
  rename(name: string): void
  add(attributes: Attributes): void
  /** With the class of what it failed for, never a message: those quote. */
  end(problem?: string): void
}

/** Where traces of this process go. */
export interface Tracing {
  begin(
    name: string,
    kind: 'server' | 'client' | 'consumer',
    parent: string | null | undefined,
    attributes?: Attributes,
  ): TracedWork | undefined
  /** Exports what it can within three seconds. */
  close(): Promise<void>
}

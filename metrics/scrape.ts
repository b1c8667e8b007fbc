import { collectDefaultMetrics, Registry } from 'prom-client'
import { channelTypeNames } from '../channels/registry.ts'
import { counted, countMessage, endings } from './counted.ts'
import { gaugesOf, type GaugeSources } from './gauges.ts'
import { sdkMetrics } from './sdk-metrics.ts'

/** All metrics of a process as Prometheus reads them. Takes some seconds at most, whatever is away; never rejects. */
export type Scrape = () => Promise<string>

/** What Prometheus expects a text of this form to be sent as. */
export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

let ofNode: Registry | undefined

/** Memory, event loop and garbage collection of this process: watched from the first scrape that is made ready on. */
function nodeMetrics(): Registry {
  if (ofNode === undefined) {
    ofNode = new Registry()
    collectDefaultMetrics({ register: ofNode })
  }
  return ofNode
}

/** Makes ready what a process tells at each scrape; counts begin at 0 for every channel type. */
export function openScrape(sources: GaugeSources): Scrape {
  const gauges = gaugesOf(sources)
  const node = nodeMetrics()
  // A series that begins with its first increase is no increase to Prometheus.
  for (const type of channelTypeNames()) for (const outcome of endings) countMessage(type, outcome, 0)
  return async () => {
    const parts = await Promise.all([counted.metrics(), gauges.metrics(), node.metrics(), sdkMetrics()])
    return parts
      .filter((part) => part !== '')
      .map((part) => `${part.trimEnd()}\n`)
      .join('')
  }
}

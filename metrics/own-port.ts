import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from '../settings/listen.ts'
import type { Settings } from '../settings/settings.ts'
import { CONTENT_TYPE, type Scrape } from './scrape.ts'

export interface MetricsPort {
  port: number
  close(): Promise<void>
}

/** A server that reads nothing, and that few ask. */
const MOST_CONNECTIONS = 32
const REQUEST_MS = 10_000

/**
 * Serves `/metrics` on a port of its own, to whoever reaches it: BELAY_METRICS_HOST says who can. Undefined where
 * BELAY_METRICS_PORT is not set. Rejects with a SettingsError that names the setting to change.
 */
export async function serveMetrics(
  { BELAY_METRICS_HOST: host, BELAY_METRICS_PORT: port }: Pick<Settings, 'BELAY_METRICS_HOST' | 'BELAY_METRICS_PORT'>,
  scrape: Scrape,
): Promise<MetricsPort | undefined> {
  if (port === undefined) return undefined
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    request.resume()
    const isAsked = request.method === 'GET' && request.url?.split('?')[0] === '/metrics'
    if (!isAsked) {
      response.writeHead(404).end()
      return
    }
    void scrape().then((text) => response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(text))
  })
  server.maxConnections = MOST_CONNECTIONS
  server.on('error', () => undefined)
  await listen(server, { host, port, variable: 'BELAY_METRICS_PORT', hostVariable: 'BELAY_METRICS_HOST' })
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

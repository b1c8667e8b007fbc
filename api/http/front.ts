import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { randomUUID } from 'node:crypto'
import type { Settings } from '../../settings/settings.ts'
import { ApiError } from './errors.ts'
import { listen } from './listen.ts'

/** Longer than a load balancer keeps an idle connection (60 s as a rule): else it sends into one that was just closed. */
const KEEP_ALIVE_MS = 65_000

/** An HTTP server that listens nowhere yet. What breaks on it later, such as a lack of file handles, ends nothing. */
export function httpServer(): Server {
  const server = createServer()
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.on('error', () => undefined)
  return server
}

/**
 * Listens before there is a store: `/healthz` is 200, all else 503, until the app takes the server over. Rejects with a
 * SettingsError that names the setting to change.
 */
export async function listenEarly(settings: Pick<Settings, 'HOST' | 'PORT'>): Promise<Server> {
  const server = httpServer()
  server.on('request', answerEarly)
  await listen(server, { variable: 'PORT', hostVariable: 'HOST', host: settings.HOST, port: settings.PORT })
  return server
}

function answerEarly({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const path = url.split('?')[0]
  response.setHeader('content-type', 'application/json')
  if (path === '/healthz') {
    response.end(JSON.stringify({ status: 'ok' }))
    return
  }
  const id = randomUUID()
  response.statusCode = 503
  response.setHeader('retry-after', '2')
  response.setHeader('x-request-id', id)
  const body =
    path === '/readyz'
      ? { store: 'away', temporal: 'away', worker: 'away' }
      : new ApiError('store_unavailable').toBody(id)
  response.end(JSON.stringify(body))
}

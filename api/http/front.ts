import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { randomUUID } from 'node:crypto'
import type { Settings } from '../../settings/settings.ts'
import { answerBroken, answerConnect } from './broken-request.ts'
import { ApiError } from './errors.ts'
import { Pipeline } from './pipeline.ts'
import { listen } from '../../settings/listen.ts'

/** 50 ids, two cursors and a token fit. */
const MAX_HEADER_BYTES = 32 * 1_024
/** For the headers, and for all of a request: 20 MB over 2 Mbit/s. How long either took is looked at every 5 s. */
const HEADERS_MS = 15_000
const REQUEST_MS = 120_000
const LOOK_MS = 5_000
/** Without a byte in either direction: a reader who does not read. */
const IDLE_MS = 150_000
/** Above what a process can serve, and below its file handles; more are closed at once. */
const MAX_CONNECTIONS = 4_096

/** An HTTP server that listens nowhere yet. What breaks on it later, such as a lack of file handles, ends nothing. */
export function httpServer(keepAliveSeconds = 65): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: LOOK_MS,
    keepAliveTimeout: keepAliveSeconds * 1_000,
    // The app answers what has no Host, with a body.
    requireHostHeader: false,
  })
  server.maxConnections = MAX_CONNECTIONS
  server.setTimeout(IDLE_MS)
  server.on('clientError', answerBroken)
  server.on('connect', answerConnect)
  // 100-continue is sent once a body is wanted; other expectations need not be met.
  const handle = (request: IncomingMessage, response: ServerResponse) => server.emit('request', request, response)
  server.on('checkContinue', handle)
  server.on('checkExpectation', handle)
  server.on('error', () => undefined)
  return server
}

/**
 * Listens before there is a store: `/healthz` is 200, all else 503, until the app takes the server over. Rejects with a
 * SettingsError that names the setting to change.
 */
export async function listenEarly(
  settings: Pick<Settings, 'HOST' | 'PORT' | 'BELAY_KEEP_ALIVE_SECONDS'>,
): Promise<Server> {
  const server = httpServer(settings.BELAY_KEEP_ALIVE_SECONDS)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    Pipeline.of(request.socket).enter(response, () => answerEarly(request, response))
  })
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

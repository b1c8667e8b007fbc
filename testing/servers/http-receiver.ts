import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ReceivedRequest {
  method: string
  /** Path and query. */
  url: string
  headers: IncomingHttpHeaders
  body: string
}

export interface HttpReceiver {
  port: number
  /** `http://127.0.0.1:port` */
  url: string
  requests: ReceivedRequest[]
  close(): Promise<void>
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => void

/** A real HTTP server on a free port that keeps what it gets. */
export async function httpReceiver(answer: Answer = (response) => response.end()): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const received = { method: request.method!, url: request.url!, headers: request.headers, body }
      requests.push(received)
      answer(response, received)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

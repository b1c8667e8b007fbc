import { once } from 'node:events'
import { connect, createServer, type OutgoingHttpHeaders, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'

export interface RefusingTemporal {
  address: string
  /** Calls that were refused, by method. */
  refused: string[]
  close(): Promise<void>
}

/** Stands before a server, as Temporal Cloud does, and answers calls that an account may not make with a status of gRPC's. */
export async function refusingTemporal(
  address: string,
  refuses: (method: string) => { status: number; message: string } | undefined,
): Promise<RefusingTemporal> {
  const upstream = connect(`http://${address}`).on('error', () => undefined)
  const sessions = new Set<ServerHttp2Session>()
  const refused: string[] = []
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session)).on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const method = headers[':path']!.split('/').at(-1)!
    const refusal = refuses(headers[':path']!)
    if (refusal !== undefined) {
      refused.push(method)
      const grpc = { 'grpc-status': String(refusal.status), 'grpc-message': refusal.message }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...grpc }, { endStream: true })
      return
    }
    const { ':authority': _, ...others } = headers
    const call = upstream.request(others)
    call.on('error', () => stream.close())
    let trailers: OutgoingHttpHeaders = {}
    call.on('trailers', (given: OutgoingHttpHeaders) => (trailers = given))
    call.on('response', (answer, flags) => {
      // What fails at once has its status among its headers, and no trailers.
      const isOver = (flags & 1) === 1
      stream.respond(answer, { endStream: isOver, waitForTrailers: !isOver })
      if (!isOver) call.pipe(stream)
    })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.on('close', () => call.close())
    stream.pipe(call)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    async close() {
      upstream.destroy()
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

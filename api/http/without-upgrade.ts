import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** Of the connection alone, and of an upgrade that is not made. */
const HOP = new Set(['connection', 'upgrade', 'http2-settings'])

/**
 * Hands a request that offers another protocol back to the server as the plain request it also is: RFC 9110 lets a server
 * pass over an offer, and clients such as Java's offer h2c with whatever they ask. Node, once somebody listens to
 * `upgrade`, has let go of the connection by then: it is taken up again, with this request in front of what follows.
 */
export function goOnWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  const { rawHeaders } = request
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (!HOP.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('Connection: close')
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]))
  server.emit('connection', socket)
}

import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** Of the connection alone, and of an upgrade that is not made. */
const HOP: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings'])

/**
 * Hands a request that offers another protocol back to the server as the plain request it also is: RFC 9110 lets a server
 * pass over an offer, and clients such as Java's offer h2c with whatever they ask. Only where all before it is answered.
 */
export function goOnWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const lines = linesOf(request, (name) => !HOP.has(name))
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('Connection: close')
  handBack(server, socket, lines, rest)
}

/** Lets the server read an upgrade again, as it came. Only where all before it is answered. */
export function readAgain(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  handBack(
    server,
    socket,
    linesOf(request, () => true),
    rest,
  )
}

function linesOf({ method, url, httpVersion, rawHeaders }: IncomingMessage, has: (name: string) => boolean): string[] {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  return lines
}

/**
 * Node, once somebody listens to `upgrade`, has let go of the connection by then: it is taken up again, with this request in
 * front of what follows. Node would never answer it where an answer from before still had the connection.
 */
function handBack(server: Server, socket: Duplex, lines: readonly string[], rest: Buffer): void {
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]))
  server.emit('connection', socket)
  // It may have been paused while it waited.
  socket.resume()
}

import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Proxy {
  port: number
  /** Connections it has taken so far. */
  connections: number
  /** Nothing passes any more in either direction, of what is open: no reset, no end. New connections pass. */
  silence(): void
  /** As `silence`, and new connections get no answer either: a host that vanished. */
  vanish(): void
  /** Resets all that is open, and each new connection: nobody listens any more. */
  refuse(): void
  /** New connections pass again; what was silent stays so, as after a failover to another host. */
  heal(): void
  /** Resets all that is open. */
  cut(): void
  close(): Promise<void>
}

/** A TCP proxy on a free port, in front of a server on this host. */
export async function proxyTo(port: number): Promise<Proxy> {
  const pairs = new Set<Pair>()
  const held = new Set<Socket>()
  let vanished = false
  let refusing = false
  const server = createServer({ pauseOnConnect: true }, (client) => {
    proxy.connections += 1
    client.on('error', () => undefined)
    if (refusing) {
      client.resetAndDestroy()
      return
    }
    if (vanished) {
      held.add(client)
      client.once('close', () => held.delete(client))
      return
    }
    const upstream = connect(port, '127.0.0.1')
    upstream.on('error', () => client.destroy())
    const pair = { client, upstream }
    pairs.add(pair)
    client.pipe(upstream)
    upstream.pipe(client)
    client.resume()
    client.once('close', () => {
      upstream.destroy()
      pairs.delete(pair)
    })
    upstream.once('close', () => {
      if (!held.has(client)) client.destroy()
    })
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const silence = () => {
    for (const { client, upstream } of pairs) {
      held.add(client)
      client.once('close', () => held.delete(client))
      client.unpipe(upstream)
      upstream.unpipe(client)
      client.pause()
      // The server is told, as one is in time whose peer vanished; the client hears nothing.
      upstream.destroy()
    }
    pairs.clear()
  }
  const cut = () => {
    for (const { client, upstream } of pairs) {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    for (const client of held) client.resetAndDestroy()
  }
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    silence,
    vanish() {
      vanished = true
      silence()
    },
    refuse() {
      refusing = true
      cut()
    },
    heal() {
      vanished = false
      refusing = false
    },
    cut,
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

interface Pair {
  client: Socket
  upstream: Socket
}

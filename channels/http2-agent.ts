import { Agent, Client, Pool, type buildConnector } from 'undici'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

export interface Asking {
  /** How often the far side of an open session is asked, by a PING frame, whether it is still there. */
  everyMs: number
  /** How long its answer may take. */
  answerMs: number
}

const ASKING: Asking = { everyMs: 8_000, answerMs: 4_000 }

/**
 * Keeps a session over HTTP/2 open to each origin. A host that vanished sends no reset, and every request on its session
 * would end without an answer until the kernel gives up: a session whose far side does not answer is ended, and the next
 * request opens another, to where the name points by then.
 */
export function http2Agent(connect: buildConnector.connector, asking = ASKING): Agent {
  return new Agent({
    connect,
    allowH2: true,
    // For a server that speaks HTTP/1.1 alone, as in http-client.ts.
    keepAliveTimeout: 2_000,
    pingInterval: asking.everyMs,
    factory: (origin, options) =>
      new Pool(origin, { ...(options as Pool.Options), factory: (url, given) => askedClient(url, given, asking) }),
  })
}

function askedClient(origin: URL, options: Client.Options, { everyMs, answerMs }: Asking): Client {
  const connector = options.connect as buildConnector.connector
  let socket: Socket | undefined
  let late: NodeJS.Timeout | undefined
  const connect: buildConnector.connector = (target, done) => {
    connector(target, (...made) => {
      socket = made[1] ?? undefined
      done(...made)
    })
  }
  const heard = (): void => {
    clearTimeout(late)
    // A server that speaks HTTP/1.1 alone is not asked.
    if ((socket as TLSSocket | undefined)?.alpnProtocol !== 'h2') return
    const end = () => socket?.destroy(new Error(`no answer to a ping within ${answerMs / 1_000} s`))
    // A process that stood still asks late, and hears first what has come meanwhile.
    const last = () => {
      late = setTimeout(() => (late = setTimeout(end, 1).unref()), answerMs).unref()
    }
    late = setTimeout(last, everyMs + answerMs).unref()
  }
  const client = new Client(origin, { ...options, connect })
  // Not among the library's types: told of each answer.
  const events: NodeJS.EventEmitter = client
  for (const event of ['connect', 'ping']) events.on(event, heard)
  events.on('disconnect', () => clearTimeout(late))
  return client
}

import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ApiCaller } from '../http/caller.ts'
import type { Deps } from '../http/deps.ts'
import { readUserToken } from '../http/user-token.ts'

const PATH = '/ws/v1/websocket'

/** Why an upgrade is refused, as a status. */
export class RefusedUpgrade extends Error {
  override readonly name = 'RefusedUpgrade'
  readonly status: 400 | 403 | 404 | 503

  constructor(status: 400 | 403 | 404 | 503) {
    super(STATUS_CODES[status])
    this.status = status
  }
}

/**
 * Who asks for a live connection: a public key in the query and, where user tokens are asked for, one beside it. Nothing is
 * read from the store, so that pages that keep trying with a key that was replaced cost next to nothing. Throws a
 * RefusedUpgrade, 403 as Knock's clients expect.
 */
export async function callerOfUpgrade(
  request: IncomingMessage,
  { settings, findKey, now }: Pick<Deps, 'settings' | 'findKey' | 'now'>,
): Promise<ApiCaller> {
  const [path, query = ''] = (request.url ?? '').split('?', 2)
  if (path !== PATH) throw new RefusedUpgrade(404)
  const { origin } = request.headers
  const { BELAY_CORS_ORIGINS: origins, BELAY_SIGNING_PUBLIC_KEY: signingKey } = settings
  // A browser asks no preflight for a WebSocket.
  if (origins !== '*' && origin !== undefined && !origins.has(origin)) throw new RefusedUpgrade(403)
  const given = new URLSearchParams(query)
  if (given.get('vsn') !== '2.0.0') throw new RefusedUpgrade(400)
  const key = await findKey(given.get('api_key') ?? '')
  if (key?.kind !== 'public') throw new RefusedUpgrade(403)
  if (signingKey === undefined) return key
  try {
    return { ...key, token: await readUserToken(given.get('user_token') ?? undefined, signingKey, now()) }
  } catch {
    throw new RefusedUpgrade(403)
  }
}

/** Answers in one packet and ends the connection. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const status = error instanceof RefusedUpgrade ? error.status : 503
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Content-Length: 0', 'Connection: close']
  if (status === 503) head.push('Retry-After: 2')
  socket.end(`${head.join('\r\n')}\r\n\r\n`)
  socket.once('finish', () => socket.destroy())
}

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerBare } from '../http/bare-answer.ts'
import type { ApiCaller } from '../http/caller.ts'
import type { Deps } from '../http/deps.ts'
import { ApiError } from '../http/errors.ts'
import { readUserToken } from '../http/user-token.ts'

const PATH = '/ws/v1/websocket'
const VERSION = '2.0.0'

/** Whether this asks for a live connection; what offers any other protocol, or this one elsewhere, is a plain request. */
export function wantsLive({ url = '', headers }: IncomingMessage): boolean {
  return url.split('?', 1)[0] === PATH && headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Who asks for a live connection: a public key in the query and, where user tokens are asked for, one beside it. Nothing is
 * read from the store, so that pages that keep trying with a key that was replaced cost next to nothing. Throws an
 * ApiError, for keys and tokens one of 403, as Knock's clients expect.
 */
export async function callerOfUpgrade(
  request: IncomingMessage,
  { settings, findKey, now }: Pick<Deps, 'settings' | 'findKey' | 'now'>,
): Promise<ApiCaller> {
  const [, query = ''] = (request.url ?? '').split('?', 2)
  const { origin } = request.headers
  const { BELAY_CORS_ORIGINS: origins, BELAY_SIGNING_PUBLIC_KEY: signingKey } = settings
  // A browser asks no preflight for a WebSocket.
  if (origins !== '*' && origin !== undefined && !origins.has(origin))
    throw refused('Pages of this origin are not among BELAY_CORS_ORIGINS')
  const given = new URLSearchParams(query)
  if (given.get('vsn') !== VERSION)
    throw new ApiError('malformed_request', { message: `The query parameter vsn must be ${VERSION}` })
  const key = await findKey(given.get('api_key') ?? '')
  if (key?.kind !== 'public') throw refused('The query parameter api_key must be a public key of this server')
  if (signingKey === undefined) return key
  try {
    return { ...key, token: await readUserToken(given.get('user_token') ?? undefined, signingKey, now()) }
  } catch {
    throw refused('The query parameter user_token must be a valid user token')
  }
}

function refused(message: string): ApiError {
  return new ApiError('not_permitted', { message })
}

/** There is no room for a live connection, or not for long. */
export function noRoom(): ApiError {
  return new ApiError('overloaded', { retryAfter: 2 })
}

/** What the handshake lacks, as the WebSocket library says it. */
export function answerBadHandshake(error: Error, socket: Duplex): void {
  const answer = new ApiError('malformed_request', { message: `This is no WebSocket handshake: ${error.message}` })
  answerBare(socket, answer, { 'Sec-WebSocket-Version': '13' })
}

/** Refuses an upgrade; what could not be looked up may be tried again. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  answerBare(socket, error instanceof ApiError ? error : noRoom())
}

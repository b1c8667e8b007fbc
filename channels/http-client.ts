import { isUtf8 } from 'node:buffer'
import { Agent, type buildConnector, type Dispatcher } from 'undici'
import { connectionWords } from './connection-words.ts'
import { withDeadline } from './deadline.ts'
import { withoutHidden } from './hidden.ts'
import { exchangeOf, type Exchange } from './exchange.ts'
import { http2Agent, type Asking } from './http2-agent.ts'
import type { HostList } from '../settings/host-list.ts'
import { guardedConnector } from './public-address.ts'
import { retryAfterMs } from './retry-after.ts'
import { NotSent, oneLine, type SendResult } from './sender.ts'

/** How much of an answer is read where nobody asks for more. The rest is dropped, and with it the connection. */
const READ_BYTES = 65_536
const CONNECT_MS = 3_000

export interface HttpCall {
  url: URL
  method: Dispatcher.HttpMethod
  headers: Record<string, string>
  body: string | Buffer | null
  /** For all of it, the connection included. */
  timeoutMs: number
  signal: AbortSignal
  /** How much of the answer is read, if it is not 64 kB. */
  readBytes?: number
  /** Called just before the first byte of the request is written. */
  onHandedOver?: () => void
  /** Called once, with what was answered. */
  onAnswered?: (exchange: Exchange) => void
  /** The path gives access to nothing: it may be kept. */
  showsPath?: boolean
  /** What is struck out of the answer: a far side that echoes a request must not make secrets into reasons. */
  hidden?: readonly string[]
}

export interface HttpAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** The first 64 kB, or `readBytes`. The status has been told by then: for most, a body that breaks off changes nothing. */
  body: string
  /** The body was read to its end. */
  isWhole: boolean
  /** What was read is UTF-8; else `body` holds U+FFFD where it is not. */
  isUtf8: boolean
  /** What a Retry-After header asks for. */
  retryAfterMs: number | undefined
}

/** No answer came. `handedOver`: the far side may have the request. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly handedOver: boolean

  constructor(reason: string, handedOver: boolean) {
    super(reason)
    this.handedOver = handedOver
  }
}

export interface HttpClientOptions {
  allowPrivate: HostList
  tls?: buildConnector.BuildOptions
  /** Speaks HTTP/2 where the far side does. */
  http2?: boolean
  /** How sessions over HTTP/2 are watched. */
  asking?: Asking
}

/**
 * Every request that leaves Belay for an address that somebody configured goes through here: bounded in time and in what is
 * read, no redirect followed, and no private address reached but those that `allowPrivate` lists.
 */
export class HttpClient {
  readonly #agent: Agent

  constructor({ allowPrivate, tls, http2 = false, asking }: HttpClientOptions) {
    const connect = guardedConnector({ timeout: CONNECT_MS, allowH2: http2, ...tls }, allowPrivate)
    // A server may close an idle connection just as a request is written to it: then its end would be unknown.
    this.#agent = http2 ? http2Agent(connect, asking) : new Agent({ connect, keepAliveTimeout: 2_000 })
  }

  /** Throws NoAnswer, or NotSent for an address that may not be reached. */
  async request({
    url,
    method,
    headers,
    body,
    timeoutMs,
    signal,
    onHandedOver,
    onAnswered,
    showsPath = false,
    readBytes,
    hidden = [],
  }: HttpCall): Promise<HttpAnswer> {
    let handedOver = false
    const dispatcher = this.#agent.compose(
      onStart(() => {
        if (!handedOver) onHandedOver?.()
        handedOver = true
      }),
    )
    try {
      const answered = await withDeadline(signal, timeoutMs, async (limit) => {
        const path = `${url.pathname}${url.search}`
        const answer = await dispatcher.request({ origin: url.origin, path, method, headers, body, signal: limit })
        const read = await start(answer.body, readBytes ?? READ_BYTES)
        const wait = retryAfterMs(answer.headers['retry-after'], answer.headers.date, Date.now())
        return {
          status: answer.statusCode,
          headers: answer.headers,
          ...read,
          body: withoutHidden(read.body, hidden),
          retryAfterMs: wait,
        }
      })
      onAnswered?.(exchangeOf({ url, method, showsPath }, answered))
      return answered
    } catch (error) {
      if (error instanceof NotSent) throw error
      onAnswered?.(exchangeOf({ url, method, showsPath }, null))
      throw new NoAnswer(oneLine(describe(error)), !wasNotProcessed(error) && handedOver)
    }
  }

  close(): Promise<void> {
    return this.#agent.close()
  }
}

/** What an answer that leads elsewhere is told with: its own words say nothing, and its address may be a secret. */
export const NO_REDIRECTS = 'and leads elsewhere: redirects are not followed, so give the address that it leads to'

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Whether an answer asks for the same at another address (RFC 9110 15.4). */
export function isRedirect({ status }: Pick<HttpAnswer, 'status'>): boolean {
  return REDIRECTS.has(status)
}

/** What a request without an answer makes of its message. `repeatable`: the far side drops a repeat. */
export function withoutAnswer(error: unknown, repeatable: boolean): SendResult {
  if (!(error instanceof NoAnswer)) throw error
  if (error.handedOver) return { kind: 'unknown', reason: error.message, repeatable }
  return { kind: 'not_taken', reason: error.message }
}

function onStart(started: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        started()
        handler.onRequestStart?.(controller, context)
      },
      onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
      onResponseStart: (...given) => handler.onResponseStart?.(...given),
      onResponseData: (...given) => handler.onResponseData?.(...given),
      onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
      onResponseError: (...given) => handler.onResponseError?.(...given),
    })
}

async function start(
  body: Dispatcher.ResponseData['body'],
  most: number,
): Promise<Pick<HttpAnswer, 'body' | 'isWhole' | 'isUtf8'>> {
  const chunks: Buffer[] = []
  let size = 0
  let isWhole = false
  // Leaving the loop early destroys the body, which says so by an error event.
  body.on('error', () => undefined)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > most) break
    }
    isWhole = size <= most
  } catch {
    // As above.
  }
  const bytes = Buffer.concat(chunks).subarray(0, most)
  return { body: bytes.toString('utf8'), isWhole, isUtf8: isUtf8(bytes) }
}

/** A server that refuses a stream over HTTP/2 says that it has done nothing for it (RFC 9113 8.7). */
function wasNotProcessed(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith('NGHTTP2_REFUSED_STREAM')
}

function describe(error: unknown): string {
  // One error an address tried: the first tells as much as all.
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  return connectionWords(first instanceof Error ? first.message : String(first))
}

import type { z } from 'zod'
import type { Channel } from '../definitions/catalog.ts'
import type { Settings } from '../settings/settings.ts'
import { Links } from './links.ts'
import { isRedirect, NO_REDIRECTS, NoAnswer, withoutAnswer, type HttpAnswer, type HttpClient } from './http-client.ts'
import { readChannelSettings } from './read-settings.ts'
import { secretsIn, secretsOf } from './hidden.ts'
import { TooLong } from './too-long.ts'
import { notSent, oneLine, type Attempt, type Outgoing, type Receipt, type Sender, type SendResult } from './sender.ts'

/** Settings of the process that stand in where a channel has none. */
export type ChannelDefaults = Pick<
  Settings,
  | 'SMTP_URL'
  | 'BELAY_EMAIL_FROM'
  | 'BELAY_HTTP_SECRET'
  | 'BELAY_HTTP_SECRET_HOSTS'
  | 'BELAY_HTTP_ALLOW_PRIVATE'
  | 'BELAY_PUBLIC_URL'
  | 'BELAY_LINK_SECRET'
>

export interface ProviderDeps {
  defaults: ChannelDefaults
  /** Answers for the `$NAME`s in channel settings. */
  env: NodeJS.ProcessEnv
  http: HttpClient
  /** Speaks HTTP/2 where the far side does. */
  http2: HttpClient
}

/** Somebody who carries messages of one channel type: `provider` of a channel in channels.json. */
export interface Provider<Content> {
  /** `settings` of its channels in channels.json; texts may stand as `$NAME`. */
  readonly settings: z.ZodType
  create(deps: ProviderDeps): Sender<Content>
}

export interface ApiRequest {
  url: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body: object | URLSearchParams | Buffer | null
  /** The address is the recipient's: whoever knows it may use it. */
  isTheirs?: boolean
}

export interface ApiSend<Content, ChannelSettings> {
  message: Outgoing<Content>
  settings: ChannelSettings
  channel: Channel
  /** Makes the request that carries the message. Throws NoAnswer. */
  post: (request: ApiRequest) => Promise<HttpAnswer>
  /** Makes a request that comes before it, such as one for a token: where it is not answered, nothing was handed over. */
  ask: (request: ApiRequest) => Promise<HttpAnswer>
  /** Tells what the channel adds to the content: it is kept with the message however the send ends. */
  fill: (fields: Record<string, string>) => void
  /** Undefined where this process does not know where the API is reached. */
  links: Links | undefined
}

/** A question what became of messages. */
export interface ApiReceipts<ChannelSettings> {
  externalIds: readonly string[]
  settings: ChannelSettings
  /** Throws NoAnswer. */
  ask: (request: ApiRequest) => Promise<HttpAnswer>
}

const TIMEOUT_MS = 30_000

/**
 * A provider with an HTTP API. `send` answers for what the provider says; no answer is `unknown` once the message was
 * handed over, else `not_taken`. `repeatable`: the provider drops a repeat by an idempotency key that `send` gives it.
 */
export function apiProvider<Content, Schema extends z.ZodType>(given: {
  settings: Schema
  concurrency?: number
  repeatable?: boolean
  http2?: boolean
  /** Requests of one send, at most. */
  requests?: number
  send(call: ApiSend<Content, z.output<Schema>>): Promise<SendResult>
  receipts?: (call: ApiReceipts<z.output<Schema>>) => Promise<ReadonlyMap<string, Receipt>>
}): Provider<Content> {
  const { receipts } = given
  return {
    settings: given.settings,
    create: ({ env, defaults, ...clients }) => ({
      concurrency: given.concurrency ?? 10,
      timeoutMs: TIMEOUT_MS * (given.requests ?? 1),
      async send(message, channel, attempt) {
        const filled: Record<string, string> = {}
        const fill = (fields: Record<string, string>) => Object.assign(filled, fields)
        const ended = (result: SendResult): SendResult =>
          Object.keys(filled).length === 0 ? result : { ...result, filled: { ...result.filled, ...filled } }
        try {
          const settings = readChannelSettings(given.settings, channel, env)
          const { api_url: api } = settings as { api_url?: unknown }
          // A path below the channel's own api_url is the provider's; any other address is the recipient's, too.
          const isApi = ({ url, isTheirs = false }: ApiRequest) =>
            !isTheirs && typeof api === 'string' && url.startsWith(`${api}/`)
          const http = given.http2 === true ? clients.http2 : clients.http
          const secrets = secretsOf(channel.settings, env)
          const hidden = (request: ApiRequest) => [...secrets, ...secretsIn(request, isApi(request))]
          const post = (request: ApiRequest) =>
            http.request(callOf(request, { ...attempt, showsPath: isApi(request), hidden: hidden(request) }))
          const ask = (request: ApiRequest) =>
            http.request(callOf(request, { signal: attempt.signal, hidden: hidden(request) })).catch(before)
          const links = Links.of(defaults)
          return ended(bounded(await given.send({ message, settings, channel, post, ask, fill, links })))
        } catch (error) {
          if (error instanceof TooLong) return ended({ kind: 'refused', reason: error.message })
          if (error instanceof NoAnswer) return ended(withoutAnswer(error, given.repeatable ?? false))
          return ended(notSent(error))
        }
      },
      ...(receipts !== undefined && {
        async receipts(externalIds: readonly string[], channel: Channel, signal: AbortSignal) {
          const settings = readChannelSettings(given.settings, channel, env)
          const ask = (request: ApiRequest) => clients.http.request(callOf(request, { signal }))
          return receipts({ externalIds, settings, ask })
        },
      }),
      close: () => Promise.resolve(),
    }),
  }
}

function before(error: unknown): never {
  if (error instanceof NoAnswer) throw new NoAnswer(error.message, false)
  throw error
}

function callOf(
  { url, method = 'POST', headers = {}, body }: ApiRequest,
  attempt: Partial<Attempt> & { signal: AbortSignal; showsPath?: boolean; hidden?: readonly string[] },
) {
  const isRaw = body === null || Buffer.isBuffer(body)
  const isForm = body instanceof URLSearchParams
  const type = isRaw ? undefined : isForm ? 'application/x-www-form-urlencoded' : 'application/json'
  return {
    url: new URL(url),
    method,
    headers: { 'user-agent': 'Belay', ...(type !== undefined && { 'content-type': type }), ...headers },
    body: isRaw ? body : isForm ? body.toString() : JSON.stringify(body),
    timeoutMs: TIMEOUT_MS,
    ...attempt,
  }
}

/** An id is the provider's word, and kept. */
function bounded(result: SendResult): SendResult {
  return 'externalId' in result && result.externalId !== undefined
    ? { ...result, externalId: oneLine(result.externalId) }
    : result
}

/** Statuses below 500 that say "not now", or that the credentials are wrong: an operator mends those. */
const NOT_NOW = new Set([401, 408, 425, 429])

/**
 * What a refusal makes of the message, where the provider's own codes do not say better. `words` are its reasons. A 2xx
 * that cannot be read is none: the provider may have taken the message.
 */
export function refusal(answer: HttpAnswer, ...words: unknown[]): SendResult {
  const said = words.filter((word) => typeof word === 'string' || typeof word === 'number')
  const why = isRedirect(answer) ? [NO_REDIRECTS] : said.length > 0 ? said : [answer.body]
  const reason = oneLine(['answered', answer.status, ...why].join(' '))
  if (answer.status >= 200 && answer.status < 300) return { kind: 'unknown', reason, repeatable: false }
  if (answer.status < 500 && !NOT_NOW.has(answer.status)) return { kind: 'refused', reason }
  return notTaken(answer, reason)
}

/** The provider took nothing, by its own answer: tried again, not before what it asked by `Retry-After`. */
export function notTaken({ retryAfterMs }: HttpAnswer, reason: string): SendResult {
  return { kind: 'not_taken', reason: oneLine(reason), ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** The answer's body as an object; an empty one where it is none. */
export function jsonOf({ body }: HttpAnswer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

import { z } from 'zod'
import type { Channel } from '../../definitions/catalog.ts'
import type { HttpContent } from './content.ts'
import { HOST_ENTRY, HostList, isHostEntry } from '../../settings/host-list.ts'
import { secretsOf } from '../hidden.ts'
import { HttpClient, isRedirect, NO_REDIRECTS, withoutAnswer, type HttpAnswer } from '../http-client.ts'
import type { ChannelDefaults, Provider } from '../provider.ts'
import { readChannelSettings } from '../read-settings.ts'
import { NotSent, notSent, oneLine, type Attempt, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { pace, text } from '../settings.ts'
import { isListed, notListed } from './chosen-host.ts'
import { isHeaderName, isHeaderValue, isReservedHeader } from './http-headers.ts'
import { httpRequest, httpUrl, type Secrets } from './http-request.ts'

/** How much of an answer is kept as the reason. */
const KEPT_CHARACTERS = 500

/** Statuses below 500 that say "not now". */
const NOT_NOW = new Set([408, 425, 429])

/** Repeating these does no harm (RFC 9110 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'PUT', 'DELETE'])

export type HttpDefaults = Pick<
  ChannelDefaults,
  'BELAY_HTTP_SECRET' | 'BELAY_HTTP_SECRET_HOSTS' | 'BELAY_HTTP_ALLOW_PRIVATE'
>

/** The most that an http channel can wait for an answer. */
const LONGEST_SECONDS = 120

const httpSettings = z.strictObject({
  secret: text(
    (value) => /^whsec_[A-Za-z0-9+/=]{16,}$/.test(value),
    'must be whsec_ followed by base64 (Standard Webhooks)',
  ).optional(),
  headers: z
    .record(
      z
        .string()
        .refine((name) => isHeaderName(name) && !isReservedHeader(name), 'must be a header that a sender may set'),
      text(isHeaderValue, 'must be one line of Latin-1 text'),
    )
    .default({}),
  /** Hosts that get the signature and `headers`. Any other gets its requests without them. */
  secret_hosts: z
    .array(text(isHostEntry, `must be ${HOST_ENTRY}`))
    .max(1_000)
    .optional(),
  /** For an answer. */
  timeout_seconds: z.number().min(0.1).max(LONGEST_SECONDS).default(50),
  /** False where the far side does not drop a repeat by its Idempotency-Key: what was not answered is not sent again. */
  idempotent: z.boolean().default(true),
  ...pace,
})

export const httpProvider: Provider<HttpContent> = {
  settings: httpSettings,
  create: ({ defaults, env }) => createHttpSender(defaults, env),
}

/** A request to the address a definition names. No redirect is followed, and none reaches a private address unless allowed. */
export function createHttpSender(defaults: HttpDefaults, env: NodeJS.ProcessEnv): Sender<HttpContent> {
  const client = new HttpClient({ allowPrivate: defaults.BELAY_HTTP_ALLOW_PRIVATE })

  async function send(message: Outgoing<HttpContent>, channel: Channel, attempt: Attempt): Promise<SendResult> {
    const settings = readChannelSettings(httpSettings, channel, env)
    const { timeout_seconds, idempotent } = settings
    const secrets = { secret: settings.secret ?? defaults.BELAY_HTTP_SECRET, headers: settings.headers }
    const hosts = settings.secret_hosts ? new HostList(settings.secret_hosts) : defaults.BELAY_HTTP_SECRET_HOSTS
    assertIn(hosts, message.content, channel.key)
    const request = httpRequest(message, (url) => secretsFor(url, secrets, hosts, channel.key), new Date())
    const hidden = [...secretsOf(channel.settings, env), ...Object.values(settings.headers)]
    try {
      return resultOf(
        await client.request({ ...request, timeoutMs: timeout_seconds * 1_000, showsPath: true, hidden, ...attempt }),
      )
    } catch (error) {
      return withoutAnswer(error, idempotent || IDEMPOTENT.has(request.method))
    }
  }

  return {
    concurrency: 20,
    timeoutMs: LONGEST_SECONDS * 1_000,
    send: (message, channel, attempt) => send(message, channel, attempt).catch(notSent),
    close: () => client.close(),
  }
}

/** Throws NotSent where the host of a request has to be listed and is not. What stands in a worker's environment is not known. */
export function assertListed(content: HttpContent, { key, settings }: Channel, hosts: HostList | undefined): void {
  const { secret_hosts: own } = settings
  const names = Array.isArray(own) ? own.filter((entry) => typeof entry === 'string' && isHostEntry(entry)) : undefined
  assertIn(names === undefined ? hosts : new HostList(names as string[]), content, key)
}

function assertIn(hosts: HostList | undefined, { host_to_list: host, url, query }: HttpContent, channelKey: string) {
  if (host === undefined || isListed(hosts, httpUrl(url, query))) return
  throw new NotSent(notListed(host, `secret_hosts of channel ${channelKey} or BELAY_HTTP_SECRET_HOSTS`))
}

/** A URL may hold what a caller sent: secrets go to hosts that the channel lists. Throws NotSent where nobody has listed any. */
function secretsFor(url: URL, secrets: Secrets, hosts: HostList | undefined, channelKey: string): Secrets {
  const hasNone = secrets.secret === undefined && Object.keys(secrets.headers).length === 0
  if (hasNone || hosts?.has(url.hostname) === true) return secrets
  if (hosts !== undefined) return { secret: undefined, headers: {} }
  throw new NotSent(
    `channel ${channelKey} has a secret or headers, and nobody says which hosts get them: list ${url.hostname}, or "*" for ` +
      'every host, in its secret_hosts or in BELAY_HTTP_SECRET_HOSTS',
  )
}

function resultOf({ status, body, retryAfterMs }: HttpAnswer): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const words = isRedirect({ status }) ? NO_REDIRECTS : body.slice(0, KEPT_CHARACTERS)
  const reason = oneLine(`answered ${status} ${words}`)
  if (status < 500 && !NOT_NOW.has(status)) return { kind: 'refused', reason }
  return { kind: 'not_taken', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

import type { Channel } from '../../definitions/catalog.ts'
import type { Settings } from '../../settings/settings.ts'
import type { HttpContent } from '../../templates/content.ts'
import { HTTP_LONGEST_SECONDS, httpSettings } from '../channel-settings.ts'
import { HttpClient, withoutAnswer, type HttpAnswer } from '../http-client.ts'
import { readChannelSettings } from '../read-settings.ts'
import { notSent, oneLine, type Attempt, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { httpRequest } from './http-request.ts'

/** How much of an answer is kept as the reason. */
const KEPT_CHARACTERS = 500

/** Statuses below 500 that say "not now". */
const NOT_NOW = new Set([408, 425, 429])

/** Repeating these does no harm (RFC 9110 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'PUT', 'DELETE'])

export type HttpDefaults = Pick<Settings, 'BELAY_HTTP_SECRET' | 'BELAY_HTTP_ALLOW_PRIVATE'>

/** A request to the address a definition names. No redirect is followed, and none reaches a private address unless allowed. */
export function createHttpSender(defaults: HttpDefaults, env: NodeJS.ProcessEnv): Sender<HttpContent> {
  const client = new HttpClient({ allowPrivate: defaults.BELAY_HTTP_ALLOW_PRIVATE })

  async function send(message: Outgoing<HttpContent>, channel: Channel, attempt: Attempt): Promise<SendResult> {
    const settings = readChannelSettings(httpSettings, channel, env)
    const { headers, timeout_seconds, idempotent } = settings
    const secret = settings.secret ?? defaults.BELAY_HTTP_SECRET
    const request = httpRequest(message, { secret, headers }, new Date())
    try {
      return resultOf(await client.request({ ...request, timeoutMs: timeout_seconds * 1_000, ...attempt }))
    } catch (error) {
      return withoutAnswer(error, idempotent || IDEMPOTENT.has(request.method))
    }
  }

  return {
    concurrency: 20,
    timeoutMs: HTTP_LONGEST_SECONDS * 1_000,
    send: (message, channel, attempt) => send(message, channel, attempt).catch(notSent),
    close: () => client.close(),
  }
}

function resultOf({ status, body, retryAfterMs }: HttpAnswer): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const reason = oneLine(`answered ${status} ${body.slice(0, KEPT_CHARACTERS)}`)
  if (status < 500 && !NOT_NOW.has(status)) return { kind: 'refused', reason }
  return { kind: 'not_taken', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

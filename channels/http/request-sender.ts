import { Agent, type Dispatcher } from 'undici'
import type { Channel } from '../../definitions/catalog.ts'
import type { Settings } from '../../settings/settings.ts'
import type { HttpContent } from '../../templates/content.ts'
import { httpSettings } from '../channel-settings.ts'
import { readChannelSettings } from '../read-settings.ts'
import { NotSent, notSent, oneLine, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { withDeadline } from '../deadline.ts'
import { httpRequest } from './http-request.ts'
import { publicConnector } from '../public-address.ts'

/** How much of an answer is read, so that the connection can be used again; only its first kilobyte is kept. */
const READ_BYTES = 65_536
const KEPT_BYTES = 1_024
const CONNECT_MS = 3_000

/** Statuses below 500 that say "not now". */
const RETRIED = new Set([408, 425, 429])

export type HttpDefaults = Pick<Settings, 'BELAY_HTTP_SECRET' | 'BELAY_HTTP_ALLOW_PRIVATE'>

/** A request to the address a definition names. No redirect is followed, and none reaches a private address unless allowed. */
export function createHttpSender(defaults: HttpDefaults, env: NodeJS.ProcessEnv): Sender<HttpContent> {
  const connect = { timeout: CONNECT_MS }
  const agent = new Agent({ connect: defaults.BELAY_HTTP_ALLOW_PRIVATE ? connect : publicConnector(connect) })

  async function send(message: Outgoing<HttpContent>, channel: Channel, signal: AbortSignal): Promise<SendResult> {
    const { secret, headers, timeout_seconds } = readChannelSettings(httpSettings, channel, env)
    const request = httpRequest(message, { secret: secret ?? defaults.BELAY_HTTP_SECRET, headers }, new Date())
    try {
      return await withDeadline(signal, timeout_seconds * 1_000, async (limit) => {
        const response = await agent.request({ ...request, signal: limit })
        return verdict(response.statusCode, await start(response.body))
      })
    } catch (error) {
      if (error instanceof NotSent) throw error
      return { kind: 'retry', reason: oneLine(describe(error)) }
    }
  }

  return {
    concurrency: 20,
    send: (message, channel, signal) => send(message, channel, signal).catch(notSent),
    close: () => agent.close(),
  }
}

function verdict(status: number, body: string): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const kind = status >= 500 || RETRIED.has(status) ? 'retry' : 'undelivered'
  return { kind, reason: oneLine(`answered ${status} ${body}`) }
}

/** The first kilobyte of an answer. The status has been told by now: a body that breaks off changes nothing. */
async function start(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop early destroys the body, which says so by an error event.
  body.on('error', () => undefined)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= READ_BYTES) break
    }
  } catch {
    // As above.
  }
  return Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString('utf8')
}

function describe(error: unknown): string {
  // One error an address tried: the first tells as much as all.
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  return first instanceof Error ? first.message : String(first)
}

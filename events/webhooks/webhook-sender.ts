import { createHmac } from 'node:crypto'
import { Agent } from 'undici'
import type { Settings } from '../../settings/settings.ts'
import type { DueEvent } from '../../store/webhook-events/webhook-events.ts'
import type { WebhookEndpoint } from '../../settings/webhook-endpoints.ts'
import { oneLine } from '../../channels/sender.ts'
import { withDeadline } from '../../channels/deadline.ts'
import { publicConnector } from '../../channels/public-address.ts'

const CONNECT_MS = 3_000
const ANSWER_MS = 10_000

/** An event as it is posted, in Knock's shape; `id` is ours. */
export interface WebhookBody {
  __typename: 'Event'
  id: string
  type: DueEvent['type']
  created_at: string
  /** The Message or WorkflowRecipientRun, as the API answers it. */
  data: object
  event_data: object | null
}

export interface WebhookSender {
  /** Null once the endpoint answered 2xx, else why it counts as refused. Never rejects; gives up when `signal` aborts. */
  post(endpoint: WebhookEndpoint, body: WebhookBody, environment: string, signal: AbortSignal): Promise<string | null>
  close(): Promise<void>
}

/** Posts events. No redirect is followed, and no private address is reached unless BELAY_HTTP_ALLOW_PRIVATE says so. */
export function createWebhookSender(
  defaults: Pick<Settings, 'BELAY_HTTP_SECRET' | 'BELAY_HTTP_ALLOW_PRIVATE'>,
): WebhookSender {
  const connect = { timeout: CONNECT_MS }
  const agent = new Agent({ connect: defaults.BELAY_HTTP_ALLOW_PRIVATE ? connect : publicConnector(connect) })
  return {
    async post(endpoint, body, environment, signal) {
      const text = JSON.stringify(body)
      const secret = endpoint.secret ?? defaults.BELAY_HTTP_SECRET
      const url = new URL(endpoint.url)
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        'user-agent': 'Belay',
        'x-knock-event': body.type,
        'x-knock-environment-id': environment,
        'x-belay-event-id': body.id,
      }
      if (secret !== undefined) headers['x-knock-signature'] = signature(secret, text, Date.now())
      try {
        return await withDeadline(signal, ANSWER_MS, async (limit) => {
          const { origin, pathname, search } = url
          const request = {
            origin,
            path: pathname + search,
            method: 'POST',
            headers,
            body: text,
            signal: limit,
          } as const
          const { statusCode, body: answer } = await agent.request(request)
          // The status has told: an answer too long, or broken off, changes nothing.
          await answer.dump({ limit: 65_536, signal: limit }).catch(() => undefined)
          return statusCode >= 200 && statusCode < 300 ? null : `answered ${statusCode}`
        })
      } catch (error) {
        const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error
        return oneLine(first instanceof Error ? first.message : String(first))
      }
    },
    close: () => agent.close(),
  }
}

/** Knock's: Unix milliseconds, and the base64 HMAC-SHA256 of them, a dot and the body as it is sent. */
function signature(secret: string, body: string, now: number): string {
  const hmac = createHmac('sha256', secret).update(`${now}.${body}`).digest('base64')
  return `t=${now},s=${hmac}`
}

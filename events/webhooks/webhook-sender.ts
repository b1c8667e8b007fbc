import { createHmac } from 'node:crypto'
import type { Settings } from '../../settings/settings.ts'
import type { DueEvent } from '../../store/webhook-events/webhook-events.ts'
import type { WebhookEndpoint } from '../../settings/webhook-endpoints.ts'
import { oneLine } from '../../channels/sender.ts'
import { HttpClient } from '../../channels/http-client.ts'

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

/** `isFinal`: the endpoint is gone for good (410), so the event is not tried again. */
export interface Refused {
  reason: string
  /** What its Retry-After asks for. */
  retryAfterMs: number | undefined
  isFinal: boolean
}

export interface WebhookSender {
  /** Null once the endpoint answered 2xx, else how it refused. Never rejects; gives up when `signal` aborts. */
  post(endpoint: WebhookEndpoint, body: WebhookBody, environment: string, signal: AbortSignal): Promise<Refused | null>
  close(): Promise<void>
}

/** Posts events. No redirect is followed, and no private address is reached that BELAY_HTTP_ALLOW_PRIVATE does not list. */
export function createWebhookSender(
  defaults: Pick<Settings, 'BELAY_HTTP_SECRET' | 'BELAY_HTTP_ALLOW_PRIVATE'>,
): WebhookSender {
  const client = new HttpClient({ allowPrivate: defaults.BELAY_HTTP_ALLOW_PRIVATE })
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
        const request = { url, method: 'POST', headers, body: text, timeoutMs: ANSWER_MS, signal } as const
        const { status, retryAfterMs } = await client.request(request)
        if (status >= 200 && status < 300) return null
        return { reason: `answered ${status}`, retryAfterMs, isFinal: status === 410 }
      } catch (error) {
        const reason = oneLine(error instanceof Error ? error.message : String(error))
        return { reason, retryAfterMs: undefined, isFinal: false }
      }
    },
    close: () => client.close(),
  }
}

/** Knock's: Unix milliseconds, and the base64 HMAC-SHA256 of them, a dot and the body as it is sent. */
function signature(secret: string, body: string, now: number): string {
  const hmac = createHmac('sha256', secret).update(`${now}.${body}`).digest('base64')
  return `t=${now},s=${hmac}`
}

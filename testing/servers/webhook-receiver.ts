import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { httpReceiver, type HttpReceiver } from './http-receiver.ts'

export interface ReceivedEvent {
  /** The path it was posted to. */
  path: string
  __typename: string
  id: string
  type: string
  created_at: string
  data: Record<string, unknown> & { __typename: string; id: string; recipient: string }
  event_data: Record<string, unknown> | null
}

export interface WebhookReceiver extends HttpReceiver {
  /** What it answers from now on. */
  answer: { status: number; headers?: Record<string, string> }
  /** All that came, also what it refused, in order. */
  events(path?: string): ReceivedEvent[]
}

/** A receiver that checks each request as a customer's would: Knock's headers, and the signature over the raw body. */
export async function webhookReceiver(secret: string): Promise<WebhookReceiver> {
  const answer: WebhookReceiver['answer'] = { status: 204 }
  const receiver = await httpReceiver((response) => response.writeHead(answer.status, answer.headers).end())
  return {
    ...receiver,
    answer,
    events(path) {
      const all = receiver.requests.map((request): ReceivedEvent => {
        const event = JSON.parse(request.body) as ReceivedEvent
        const { headers } = request
        assert.equal(request.method, 'POST')
        assert.equal(headers['content-type'], 'application/json')
        assert.equal(headers['x-knock-event'], event.type)
        assert.equal(headers['x-belay-event-id'], event.id)
        assert.match(String(headers['x-knock-environment-id']), /^[0-9a-f-]{36}$/)
        const [, t, s] = /^t=(\d{13}),s=(.+)$/.exec(String(headers['x-knock-signature'])) ?? []
        assert.equal(s, createHmac('sha256', secret).update(`${t}.${request.body}`).digest('base64'))
        assert.ok(Math.abs(Date.now() - Number(t)) < 600_000)
        return { ...event, path: request.url }
      })
      return path === undefined ? all : all.filter((event) => event.path === path)
    },
  }
}

import { createHash } from 'node:crypto'
import { z } from 'zod'

/** What may be told. Knock has all but `cancelled` and `not_sent`. */
export const webhookEvents = [
  'workflow_recipient_run.started',
  'workflow_recipient_run.completed',
  'workflow_recipient_run.error',
  'workflow_recipient_run.cancelled',
  'message.sent',
  'message.delivered',
  'message.delivery_attempted',
  'message.undelivered',
  'message.not_sent',
  'message.bounced',
  'message.seen',
  'message.unseen',
  'message.read',
  'message.unread',
  'message.archived',
  'message.unarchived',
  'message.interacted',
  'message.link_clicked',
] as const
export type WebhookEventType = (typeof webhookEvents)[number]

const groups = ['*', 'message.*', 'workflow_recipient_run.*'] as const

/** Where events are posted to. */
export interface WebhookEndpoint {
  /** Names the endpoint in the store and in Temporal without telling its URL: the first 16 hex digits of its SHA-256. */
  key: string
  url: string
  /** Unset: BELAY_HTTP_SECRET signs, if that is set. */
  secret: string | undefined
  events: ReadonlySet<WebhookEventType>
}

const url = z.string().superRefine((text, context) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    context.addIssue({ code: 'custom', message: 'must be an http:// or https:// address' })
  else if (parsed.username !== '' || parsed.password !== '')
    context.addIssue({ code: 'custom', message: 'must not hold a login; events are signed instead' })
})

const wanted = z.enum([...webhookEvents, ...groups], `must be one of ${[...webhookEvents, ...groups].join(', ')}`)

const endpoint = z.strictObject({
  url,
  secret: z.string().min(16, 'must have 16 or more characters').optional(),
  events: z.array(wanted).min(1, 'must name an event; leave it out for all').default(['*']),
})

const FORM = 'must be a JSON list of {url, secret?, events?}, or URLs with commas between them'

const endpoints = z.array(endpoint, FORM).superRefine((list, context) => {
  list.forEach(({ url }, index) => {
    if (list.findIndex((other) => other.url === url) < index)
      context.addIssue({ code: 'custom', path: [index, 'url'], message: 'is listed twice' })
  })
})

/** BELAY_WEBHOOKS: a JSON list of `{url, secret?, events?}`, or URLs with commas between them, for all events. */
export const webhookEndpoints = z
  .string()
  .default('')
  .transform((text, context): unknown => {
    if (!/^\s*[[{]/.test(text)) return commaSeparated(text).map((url) => ({ url }))
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: FORM })
      return z.NEVER
    }
  })
  .pipe(endpoints)
  .transform((list) =>
    list.map(({ url, secret, events }): WebhookEndpoint => {
      const key = createHash('sha256').update(url).digest('hex').slice(0, 16)
      return { key, url, secret, events: new Set(events.flatMap(eventTypesOf)) }
    }),
  )

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function eventTypesOf(name: WebhookEventType | (typeof groups)[number]): WebhookEventType[] {
  if (!name.endsWith('*')) return [name as WebhookEventType]
  return webhookEvents.filter((event) => event.startsWith(name.slice(0, -1)))
}

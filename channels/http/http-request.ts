import { Webhook } from 'standardwebhooks'
import type { HttpContent } from './content.ts'
import { NotSent, type Outgoing } from '../sender.ts'
import { isHeaderName, isHeaderValue, isReservedHeader } from './http-headers.ts'

export interface HttpRequest {
  url: URL
  method: Uppercase<HttpContent['method']>
  headers: Record<string, string>
  body: string | null
}

/** What only hosts that were listed may see. */
export interface Secrets {
  /** `whsec_...`; without one the request is not signed. */
  secret: string | undefined
  /** The channel's; those of the content win. */
  headers: Record<string, string>
}

/** The request as it goes out, signed per Standard Webhooks. Every attempt has the same ids, and a timestamp of its own. */
export function httpRequest(message: Outgoing<HttpContent>, secretsFor: (url: URL) => Secrets, now: Date): HttpRequest {
  const { content, messageId, traceparent } = message
  const url = httpUrl(content.url, content.query)
  const options = secretsFor(url)
  const body = content.body ?? ''
  const headers: Record<string, string> = { 'user-agent': 'Belay' }
  if (body !== '') headers['content-type'] = isJson(body) ? 'application/json' : 'text/plain; charset=utf-8'
  if (traceparent !== undefined) headers['traceparent'] = traceparent
  for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = value
  for (const { key, value } of content.headers) headers[allowed(key, value)] = value
  headers['idempotency-key'] = messageId
  headers['webhook-id'] = messageId
  headers['webhook-timestamp'] = String(Math.floor(now.getTime() / 1_000))
  if (options.secret !== undefined) {
    headers['webhook-signature'] = new Webhook(options.secret).sign(messageId, now, body)
  }
  return {
    url,
    method: content.method.toUpperCase() as HttpRequest['method'],
    headers,
    body: content.body,
  }
}

/** An address with what is asked of it. Throws NotSent for one that is no http:// or https:// address, or holds a login. */
export function httpUrl(text: string, query: HttpContent['query']): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new NotSent('url must be an http:// or https:// address')
  if (url.username !== '' || url.password !== '')
    throw new NotSent('url must not hold a login; use an Authorization header')
  for (const { key, value } of query) url.searchParams.append(key, value)
  return url
}

/** The header's name in lower case, once both may be sent. */
function allowed(name: string, value: string): string {
  if (!isHeaderName(name)) throw new NotSent(`header ${JSON.stringify(name)} is not a header name`)
  if (isReservedHeader(name)) throw new NotSent(`header ${name} is set by Belay and cannot be overridden`)
  if (!isHeaderValue(value)) throw new NotSent(`header ${name} must be one line of Latin-1 text`)
  return name.toLowerCase()
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

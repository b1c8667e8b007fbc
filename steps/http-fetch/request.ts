import { createHmac } from 'node:crypto'
import { hostToList, isListed, notListed } from '../../channels/http/chosen-host.ts'
import { isHeaderName, isHeaderValue, isReservedHeader } from '../../channels/http/http-headers.ts'
import { httpUrl } from '../../channels/http/http-request.ts'
import { NotSent } from '../../channels/sender.ts'
import type { FetchStep } from '../../definitions/step.ts'
import type { HttpMethod } from '../../definitions/step.ts'
import { withExactNumbers } from '../../json/source.ts'
import type { HostList } from '../../settings/host-list.ts'
import { renderLiquid } from '../../templates/liquid.ts'
import { renderingFor } from '../../templates/rendering-for.ts'
import type { Scope } from '../../templates/scope.ts'
import { CONTENT_TYPE, renderedBodyFault } from './body.ts'

export interface FetchRequest {
  url: URL
  method: Uppercase<HttpMethod>
  headers: Record<string, string>
  body: string | null
}

/**
 * The request of a fetch step, rendered; `id` is the same at every try. A `signing_key` makes the header
 * `x-knock-signature: t=<milliseconds>,s=<base64 HMAC-SHA256 of "<t>.<body>">`. Throws NotSent, naming the field, where there can
 * be no such request, or data chose a host for secrets that `secretHosts` does not list.
 */
export function fetchRequest(
  step: FetchStep,
  scope: Scope,
  { id, now, secretHosts }: { id: string; now: number; secretHosts: HostList | undefined },
): FetchRequest {
  const given = rendered(step, scope)
  const { body, query } = given
  const headers: Record<string, string> = { 'user-agent': 'Belay', accept: 'application/json', 'idempotency-key': id }
  for (const [name, value] of given.headers) headers[allowed(name, value)] = value
  if (body !== null && headers[CONTENT_TYPE] === undefined) {
    const fault = renderedBodyFault(body)
    if (fault !== null) throw new NotSent(fault)
    headers[CONTENT_TYPE] = 'application/json'
  }
  if (step.signingKey !== null) {
    const key = filled('signing_key', step.signingKey, scope)
    if (key.trim() === '') throw new NotSent('signing_key renders as nothing, and anybody can sign with an empty key')
    const signed = createHmac('sha256', key).update(`${now}.${body ?? ''}`)
    headers['x-knock-signature'] = `t=${now},s=${signed.digest('base64')}`
  }
  const url = httpUrl(
    given.url,
    query.map(([key, value]) => ({ key, value })),
  )
  const isSigned = step.signingKey !== null
  const host = hostToList({ url: step.url, isSigned }, scope, given, (other) => rendered(step, other))
  if (host !== null && !isListed(secretHosts, url)) throw new NotSent(notListed(host, 'BELAY_HTTP_SECRET_HOSTS'))
  return { url, method: step.method.toUpperCase() as Uppercase<HttpMethod>, headers, body }
}

/** What of the step is the request's own. */
function rendered(step: FetchStep, scope: Scope) {
  const fill = (field: string, text: string) => filled(field, text, scope)
  const body = step.body === null ? '' : fill('body', step.body)
  return {
    url: fill('url', step.url).trim(),
    body: body.trim() === '' ? null : body,
    query: pairsOf('query_params', step.queryParams, fill),
    headers: pairsOf('headers', step.headers, fill),
  }
}

function filled(field: string, text: string, scope: Scope): string {
  try {
    return renderLiquid(text, 'text', scope, renderingFor(scope))
  } catch (error) {
    throw new NotSent(`${field}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function pairsOf(
  field: string,
  given: FetchStep['headers'],
  fill: (field: string, text: string) => string,
): [string, string][] {
  if (typeof given !== 'string') return given.map(({ key, value }) => [key, fill(field, value)])
  const text = fill(field, given)
  const read = parsed(text)
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new NotSent(`${field} must render as a JSON object`)
  return Object.entries(read).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(withExactNumbers(text))
  } catch {
    return undefined
  }
}

/** The header's name in lower case, once both may be sent. */
function allowed(name: string, value: string): string {
  const lower = name.toLowerCase()
  if (!isHeaderName(name)) throw new NotSent(`header ${JSON.stringify(name)} is not a header name`)
  if (isReservedHeader(name) && lower !== 'idempotency-key')
    throw new NotSent(`header ${name} is set by Belay and cannot be overridden`)
  if (!isHeaderValue(value)) throw new NotSent(`header ${name} must be one line of Latin-1 text`)
  return lower
}

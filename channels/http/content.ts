import { Filler } from '../../templates/filler.ts'
import type { HttpMethod } from '../../definitions/step.ts'
import type { Scope } from '../../templates/scope.ts'
import { hostToList } from './chosen-host.ts'
import type { HttpTemplate } from './template.ts'

/** A request to make. Header names and values are safe to send as they are; the body is sent byte for byte. */
export interface HttpContent {
  method: HttpMethod
  /** http: or https:, without the query parameters below. */
  url: string
  headers: { key: string; value: string }[]
  query: { key: string; value: string }[]
  body: string | null
  /** The host, as reasons name it, that has to be listed to have this request. Absent: any may have it. */
  host_to_list?: string
}

/** The channel checks address and headers: they may name a value that only it can judge. */
export function renderHttp(template: HttpTemplate, fill: Filler): HttpContent {
  const content = filled(template, fill)
  const again = (scope: Scope) => filled(template, new Filler('', scope))
  const host = hostToList(template, fill.scope, content, again)
  return host === null ? content : { ...content, host_to_list: host }
}

/** The content as others see it. */
export function shownHttp<Content extends object>({
  host_to_list: _internal,
  ...content
}: Content & { host_to_list?: unknown }): Omit<Content, 'host_to_list'> {
  return content
}

function filled(template: HttpTemplate, fill: Filler): HttpContent {
  return {
    method: template.method,
    url: fill.line('url', template.url),
    headers: template.headers.map(({ key, value }, n) => ({ key, value: fill.line(`headers[${n}].value`, value) })),
    query: template.queryParams.map(({ key, value }, n) => ({
      key,
      value: fill.text(`query_params[${n}].value`, value, 'text'),
    })),
    body: template.body === null ? null : fill.text('body', template.body, 'text'),
  }
}

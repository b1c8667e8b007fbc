import { z } from 'zod'
import { httpMethods, type HttpMethod } from '../../definitions/step.ts'
import { liquid, object, optional, requestUrl } from '../../definitions/fields.ts'
import { isHeaderName, isReservedHeader } from './http-headers.ts'

/** Every string is Liquid, but for header and query names. */
export interface HttpTemplate {
  method: HttpMethod
  url: string
  headers: { key: string; value: string }[]
  queryParams: { key: string; value: string }[]
  body: string | null
}

const pair = object({
  key: z
    .string()
    .refine(isHeaderName, 'must be a header name; Liquid is not filled in here')
    .refine((name) => !isReservedHeader(name), 'is set by the channel, and by nobody else'),
  value: liquid('text'),
})
const parameter = object({ key: z.string().min(1), value: liquid('text') })

export const httpTemplate = object({
  method: z.enum(httpMethods, { error: `must be one of ${httpMethods.join(', ')}` }),
  url: requestUrl,
  headers: z.array(pair).nullish(),
  query_params: z.array(parameter).nullish(),
  body: optional('text'),
})
  .refine((template) => template.method !== 'get' || template.body === null, {
    path: ['body'],
    message: 'a get request has no body',
  })
  .transform((template) => ({
    method: template.method,
    url: template.url,
    headers: template.headers ?? [],
    queryParams: template.query_params ?? [],
    body: template.body,
  }))

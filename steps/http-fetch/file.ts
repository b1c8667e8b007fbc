import { z } from 'zod'
import { isHeaderName, isReservedHeader } from '../../channels/http/http-headers.ts'
import { httpMethods } from '../../definitions/step.ts'
import type { FetchStep, HttpMethod } from '../../definitions/step.ts'
import { dependent, jsonIn, liquid, object, optional, optionalObject, requestUrl } from '../../definitions/fields.ts'
import type { Remark } from '../../definitions/problem.ts'
import { toldWithin } from '../../settings/told-within.ts'
import { stepFields, type StepFile } from '../step-file.ts'
import { bodyFault } from './body.ts'

const headerName = z
  .string()
  .refine(isHeaderName, 'must be a header name')
  .refine((name) => !isReservedHeader(name) || name.toLowerCase() === 'idempotency-key', 'is set by Belay')

/** A list of names and values, or one text that renders as a JSON object. */
function pairs(name: z.ZodType<string>) {
  const checkNames = (text: string | null, issues: z.RefinementCtx) => {
    for (const given of Object.keys(jsonIn(text ?? '') ?? {}).filter((each) => !each.includes('{')))
      for (const { message } of name.safeParse(given).error?.issues ?? [])
        issues.addIssue({ code: 'custom', message: `holds ${given}: ${message}` })
  }
  const list = z.array(object({ key: name, value: liquid('text') })).max(100, 'has more than 100 entries')
  return toldWithin(z.union([list, optionalObject.superRefine(checkNames)]))
    .nullish()
    .transform((given) =>
      typeof given === 'string' && given.trim() !== '' ? given : Array.isArray(given) ? given : [],
    )
}

const responsePath = z
  .string()
  .max(255)
  .transform((text) => text.trim().replace(/^data\./, ''))
  .refine((text) => text === '' || /^[^.\s[\]]+(\.[^.\s[\]]+)*$/.test(text), 'must be names with dots between them')

const shape = {
  method: z.enum(httpMethods, { error: `must be one of ${httpMethods.join(', ')}` }),
  url: requestUrl,
  headers: pairs(headerName),
  query_params: pairs(z.string().min(1, 'must not be empty')),
  body: optional('text'),
  response_path: responsePath.nullish(),
  signing_key: optional('text'),
}
const settings = dependent(shape, ({ method, headers = [], body }, tell) => {
  const fault = body && !isWithoutBody(method) ? bodyFault(body, headers) : null
  if (fault !== null) tell(['method', 'headers', 'body'], ['body'], fault)
})

/** Servers refuse a body there, or do not read it. */
const isWithoutBody = (method: HttpMethod | undefined) => method === 'get'

const bodyOfGet: Remark[] = [{ at: ['settings', 'body'], message: 'is ignored: a get has none' }]

const schema = object({ ...stepFields, type: z.literal('http_fetch'), settings }).transform((file) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  conditions: file.conditions,
  method: file.settings.method,
  url: file.settings.url,
  headers: file.settings.headers,
  queryParams: file.settings.query_params,
  body: isWithoutBody(file.settings.method) ? null : file.settings.body,
  responsePath: file.settings.response_path ? file.settings.response_path.split('.') : null,
  signingKey: file.settings.signing_key,
  idle: isWithoutBody(file.settings.method) && file.settings.body !== null ? bodyOfGet : [],
}))

/** A fetch step as workflow.json has it. */
export const fetchFile: StepFile<FetchStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: (read, { next }) => ({ ...read, next }),
}

import { OpenAPIRegistry, OpenApiGeneratorV31, type ResponseConfig } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { errorCodes, type ErrorCode } from './errors.ts'
import { registerReports } from './openapi-reports.ts'
import { LARGE_BODY, SMALL_BODY } from './read-body.ts'
import type { Route } from './route.ts'

const error = z
  .object({
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    status: z.int(),
    type: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string(), type: z.string() })),
    request_id: z.uuid().describe('Finds the request in the log'),
  })
  .meta({ id: 'Error', description: 'docs/errors.md tells of every code' })

/** Any route may answer these. */
const common: readonly ErrorCode[] = [
  'api_key_missing',
  'api_key_invalid',
  'headers_too_large',
  'rate_limited',
  'internal_error',
  'store_unavailable',
  'overloaded',
]

const uuid = { type: 'string', format: 'uuid' } as const
const requestId = { 'x-request-id': { $ref: '#/components/headers/x-request-id' } }
const replayed = {
  'idempotent-replayed': { $ref: '#/components/headers/idempotent-replayed' },
  'original-x-request-id': { $ref: '#/components/headers/original-x-request-id' },
}
const warning = { 'belay-warning': { $ref: '#/components/headers/belay-warning' } }
const idempotencyKey = z.object({
  'idempotency-key': z
    .string()
    .max(255)
    .optional()
    .describe('The same request with the same key gets the first answer again, for 24 hours'),
})

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(routes: readonly Route[]): ReturnType<OpenApiGeneratorV31['generateDocument']> {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'secretKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'A secret key, sk_...',
  })
  registry.registerComponent('securitySchemes', 'publicKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'A public key, pk_..., of a browser',
  })
  registry.registerComponent('securitySchemes', 'userToken', {
    type: 'apiKey',
    in: 'header',
    name: 'X-Knock-User-Token',
    description:
      'A JWT (RS256) whose sub is the user; needed beside a public key where BELAY_SIGNING_PUBLIC_KEY is set',
  })
  registry.registerComponent('headers', 'x-request-id', {
    description: 'Names this request, in the log and in an error',
    schema: uuid,
  })
  registry.registerComponent('headers', 'idempotent-replayed', {
    description: 'There if this answer was given before',
    schema: { type: 'string', enum: ['true'] },
  })
  registry.registerComponent('headers', 'original-x-request-id', {
    description: 'With idempotent-replayed: the request that was answered first',
    schema: uuid,
  })
  registry.registerComponent('headers', 'belay-warning', {
    description: 'There if fields of the body were ignored: names them, and what may have been meant',
    schema: { type: 'string' },
  })
  for (const route of routes) register(registry, route)
  registerReports(registry, error)
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Belay',
      version: '1',
      description: 'Notifications that wait durably for each recipient, and a cancel that says what it did.',
    },
    servers: [{ url: '/' }],
    security: [{ secretKey: [] }],
  })
}

const noContents = { always: 'Done', 'on request': 'Done: Prefer: return=minimal' }

function register(registry: OpenAPIRegistry, route: Route): void {
  const { method, path, access, scope, tag, summary, description, params, query, body, idempotent, noContent } = route
  registry.registerPath({
    method,
    path: path.replace(/:(\w+)/g, '{$1}'),
    operationId: [method, ...path.slice(1).split(/\/:?/).slice(1)].join('_'),
    tags: [tag],
    summary,
    'x-belay-scope': scope,
    ...(access !== 'secret' && { security: [{ secretKey: [] }, { publicKey: [] }, { publicKey: [], userToken: [] }] }),
    ...(description !== undefined && { description }),
    request: {
      params,
      query,
      ...(idempotent === true && { headers: idempotencyKey }),
      ...(body !== undefined && { body: bodyOf(route, body) }),
    },
    responses: {
      ...(noContent !== 'always' && {
        200: {
          description: 'OK',
          headers: {
            ...requestId,
            ...(idempotent === true && replayed),
            ...(body !== undefined && warning),
          },
          content: { 'application/json': { schema: route.response } },
        },
      }),
      ...(noContent !== undefined && { 204: { description: noContents[noContent], headers: requestId } }),
      ...errorResponses(errorsOf(route)),
    },
  })
}

function bodyOf({ needsBody, largeBody }: Route, schema: z.ZodType) {
  const { bytes, values } = largeBody === true ? LARGE_BODY : SMALL_BODY
  return {
    // No body is an empty object.
    required: needsBody === true || !schema.safeParse({}).success,
    description: `At most ${bytes / 1_048_576} MB and ${values.toLocaleString('en')} values`,
    content: { 'application/json': { schema } },
  }
}

/** Every code a route may answer. */
function errorsOf({ access, params, query, body, errors = [], idempotent }: Route): ErrorCode[] {
  const takesInput = body !== undefined || Object.keys({ ...params.shape, ...query.shape }).length > 0
  return [
    ...common,
    ...(access === 'secret'
      ? (['incorrect_token_type', 'not_permitted'] as const)
      : (['missing_user_token', 'invalid_user_token', 'not_permitted'] as const)),
    ...errors,
    ...(body === undefined ? [] : (['malformed_json', 'payload_too_large'] as const)),
    ...(takesInput ? (['invalid_params'] as const) : []),
    ...(idempotent === true ? (['idempotency_key_mismatch', 'idempotency_key_too_long'] as const) : []),
  ]
}

function errorResponses(codes: ErrorCode[]): Record<string, ResponseConfig> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const { status } = errorCodes[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const responses = [...byStatus].map(([status, ofStatus]): [string, ResponseConfig] => [
    String(status),
    {
      description: ofStatus.map((code) => `- \`${code}\`: ${errorCodes[code].message}`).join('\n'),
      headers: requestId,
      content: { 'application/json': { schema: error } },
    },
  ])
  return Object.fromEntries(responses)
}

import type { z } from 'zod'
import type { TracedWork } from '../../metrics/traced-work.ts'
import type { Scope } from '../../store/api-keys/scopes.ts'
import type { ApiCaller } from './caller.ts'
import type { Deps } from './deps.ts'
import type { ErrorCode } from './errors.ts'

/** What a handler is given besides its parsed input. */
export interface Context extends Deps {
  requestId: string
  /** The name of the key that called. */
  apiKey: string
  /** What traces this call, if anything does. */
  traced?: TracedWork | undefined
  caller: ApiCaller
  header: (name: string) => string | undefined
}

export interface Input<Params, Query, Body> {
  params: Params
  query: Query
  body: Body
}

/** What a handler answers: the body of a 200, or with `reply` a status or headers of its own. */
export class Reply<Body> {
  readonly body: Body | undefined
  readonly status: number
  readonly headers: Record<string, string>

  constructor(body: Body | undefined, options: { status?: number; headers?: Record<string, string> } = {}) {
    this.body = body
    this.status = options.status ?? 200
    this.headers = options.headers ?? {}
  }
}

/**
 * Which keys a route takes. `secret`: secret keys alone. `public`: public keys too, whoever the user is. `user`: public keys
 * too and, where user tokens are asked for, with the token of the user whose things the path names (`/v1/users/:id/...`).
 */
export type Access = 'secret' | 'public' | 'user'

/** One row of the API: it mounts Express, parses requests and writes the OpenAPI document. */
export interface Route {
  method: 'get' | 'post' | 'put' | 'delete'
  /** Express path, `/v1/messages/:id`. */
  path: string
  access: Access
  /** What a secret key needs for it; nothing is asked of a public one but `access`. */
  scope: Scope
  /** A path of `user` that names nobody: the handler looks whose things it touches (own-messages.ts). */
  asksWhose?: true
  tag: string
  summary: string
  description?: string
  params: z.ZodObject
  query: z.ZodObject
  body: z.ZodType | undefined
  /** No body at all is refused, where an empty object says something: it would replace what there is. */
  needsBody?: true
  /** Takes 20 MB instead of 1 MB. */
  largeBody?: boolean
  /** The body of a 200. */
  response: z.ZodType
  /** Answers 204 without a body: always, or where a caller asks for it. */
  noContent?: 'always' | 'on request'
  /** Codes only this route answers; the ones any route may are added in openapi.ts. */
  errors?: readonly ErrorCode[]
  /** Honours Idempotency-Key. */
  idempotent?: boolean
  handle: (input: Input<unknown, unknown, unknown>, context: Context) => Promise<unknown>
}

export interface RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Response extends z.ZodType,
> extends Omit<Route, 'params' | 'query' | 'body' | 'response' | 'handle'> {
  params?: Params
  query?: Query
  body?: Body
  response: Response
  handle: (
    input: Input<z.output<Params>, z.output<Query>, z.output<Body>>,
    context: Context,
  ) => Promise<z.input<Response> | Reply<z.input<Response>>>
}

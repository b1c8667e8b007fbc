import type { Request } from 'express'
import { allows } from '../../store/api-keys/scopes.ts'
import type { RecipientReference } from '../../store/ids/recipient.ts'
import type { KnownKey } from './auth.ts'
import type { ApiCaller } from './caller.ts'
import type { Deps } from './deps.ts'
import { ApiError } from './errors.ts'
import type { Area, Right } from './grants.ts'
import type { Route } from './route.ts'
import { readUserToken } from './user-token.ts'

/** Whose things a route is about, by its path; undefined: its handler asks. */
const SUBJECTS: [pattern: RegExp, of: (params: string[]) => RecipientReference][] = [
  [/^\/v1\/users\/:(\w+)/, ([id]) => id!],
  [/^\/v1\/objects\/:(\w+)\/:(\w+)/, ([collection, id]) => ({ collection: collection!, id: id! })],
  [/^\/v1\/tenants\/:(\w+)/, ([id]) => ({ collection: '$tenants', id: id! })],
]

/** What somebody needs a grant for, by a route's path and method. */
function rightOf({ path, method }: Pick<Route, 'path' | 'method'>): { area: Area; right: Right } {
  const right = method === 'get' ? 'read' : 'write'
  if (/\/preferences\b/.test(path)) return { area: 'preferences', right }
  if (/\/channel_data\b/.test(path)) return { area: 'channel_data', right }
  return { area: /\/feeds\b|^\/v1\/(messages|channels)\b/.test(path) ? 'feed' : 'user', right }
}

/** Whether a route that takes users' tokens leaves it to its handler whose things are touched: its path names nobody. */
export function namesNobody({ path }: Pick<Route, 'path'>): boolean {
  return !SUBJECTS.some(([pattern]) => pattern.test(path))
}

/**
 * Lets a key call a route, before its body is read. Throws `incorrect_token_type` where only secret keys may,
 * `not_permitted` where a secret key lacks the route's scope, `missing_user_token` and `invalid_user_token` where public keys need a user's token, and `not_permitted` where the path
 * names what that token does not reach.
 */
export async function authorize(
  route: Route,
  request: Pick<Request, 'get' | 'params'>,
  key: KnownKey,
  deps: Pick<Deps, 'settings' | 'now'>,
): Promise<ApiCaller> {
  if (key.kind === 'secret') return withScope(key, route)
  if (route.access === 'secret') throw new ApiError('incorrect_token_type')
  const signingKey = deps.settings.BELAY_SIGNING_PUBLIC_KEY
  if (signingKey === undefined) return key
  const token = await readUserToken(request.get('x-knock-user-token'), signingKey, deps.now())
  if (route.access === 'user') {
    const whose = subjectOf(route, request.params as Record<string, string>)
    const { area, right } = rightOf(route)
    if (whose !== undefined && !token.grants.reaches(token.userId, whose, area, right)) {
      throw new ApiError('not_permitted', { message: `This user token is not one to ${right} this (${area})` })
    }
  }
  return { ...key, token }
}

/** The key itself. Throws `not_permitted` where it lacks the scope. */
export function withScope(key: KnownKey, { scope }: Pick<Route, 'scope'>): KnownKey {
  if (allows(key.scopes, scope)) return key
  const has = [...key.scopes].join(', ')
  throw new ApiError('not_permitted', { message: `This needs a key with the scope ${scope}: ${key.name} has ${has}` })
}

/** Whose things a call is about, where the path says it. */
export function subjectOf(
  { path }: Pick<Route, 'path'>,
  params: Record<string, string>,
): RecipientReference | undefined {
  for (const [pattern, of] of SUBJECTS) {
    const names = pattern.exec(path)?.slice(1)
    if (names !== undefined) return of(names.map((name) => params[name] ?? ''))
  }
  return undefined
}

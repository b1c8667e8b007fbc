import { mergedInto } from '../../store/profiles/merged-users.ts'
import type { ApiCaller } from './caller.ts'
import type { Deps } from './deps.ts'
import type { Route } from './route.ts'

/**
 * The parameters of a path, where a user it names was merged into another those of the other: for secret keys alone, since
 * a token of the old id is none of the other user's. By GET and DELETE of the user itself the old one is gone.
 */
export async function meantParams(
  { path, method }: Pick<Route, 'path' | 'method'>,
  params: unknown,
  { store, caller }: Pick<Deps, 'store'> & { caller: ApiCaller },
): Promise<unknown> {
  const name = /^\/v1\/users\/:(\w+)/.exec(path)?.[1]
  if (caller.kind !== 'secret' || name === undefined) return params
  if (path === `/v1/users/:${name}` && method !== 'put') return params
  const id = (params as Record<string, string>)[name]!
  const into = (await mergedInto(store.db, [id])).get(id)
  return into === undefined ? params : { ...(params as object), [name]: into }
}

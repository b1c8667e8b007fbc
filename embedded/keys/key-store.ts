import type { ApiKeyRow } from '../../store/api-keys/api-keys.ts'
import { createApiKey, listApiKeys, revokeApiKey } from '../../store/api-keys/api-keys.ts'
import type { Scope } from '../../store/api-keys/scopes.ts'
import type { Store } from '../../store/postgres/database.ts'
import { StartError } from '../start-error.ts'

/** Where keys are made, listed and revoked. Each throws a StartError for what the operator can put right. */
export interface KeyStore {
  create(name: string, scopes: readonly Scope[]): Promise<ApiKeyRow & { key: string }>
  list(): Promise<ApiKeyRow[]>
  revoke(name: string): Promise<ApiKeyRow>
  close(): Promise<void>
}

/** The store itself: no api need run. */
export function keysOfStore(store: Store, now: () => number, close: () => Promise<void>): KeyStore {
  return {
    async create(name, scopes) {
      const made = await createApiKey(store.db, { name, scopes }, now())
      if (made === 'taken') throw new StartError(`${name} is or was the name of another key; take another`)
      if (made === 'full') throw new StartError('there are too many keys; revoke one first')
      return { ...made.row, key: made.key }
    },
    list: () => listApiKeys(store.db),
    async revoke(name) {
      const row = await revokeApiKey(store.db, name, now())
      if (row === undefined) throw new StartError(`no key has the name ${name}`)
      return row
    },
    close,
  }
}

const ANSWER_MS = 10_000

/** A running api: the way to a store inside another process. */
export function keysOfApi(url: string, secretKey: string): KeyStore {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/v1/keys${path}`, {
      method,
      headers: { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((error: unknown) => {
      throw new StartError(
        `npm start has the store, and does not answer at ${url}: give HOST and PORT as it has them`,
        {
          cause: error,
        },
      )
    })
    const answer = (await response.json()) as { message?: string }
    if (!response.ok) throw new StartError(`${url} answers ${response.status}: ${answer.message ?? 'nothing'}`)
    return answer
  }
  return {
    create: async (name, scopes) => (await call('POST', '', { name, scopes })) as ApiKeyRow & { key: string },
    list: async () => ((await call('GET', '')) as { entries: ApiKeyRow[] }).entries,
    revoke: async (name) => (await call('DELETE', `/${encodeURIComponent(name)}`)) as ApiKeyRow,
    close: () => Promise.resolve(),
  }
}

import assert from 'node:assert/strict'
import { carryOnBulk } from '../../engine/bulk-operations.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import type { Store } from '../../store/postgres/database.ts'
import { accept, walk } from '../fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../fixtures/versions.ts'
import { startApi, type ApiServer } from '../product/api-server.ts'

type Json = Record<string, unknown>

/** What the rows of an SDK's table are tried in. Each row has people and things of its own. */
export interface World {
  api: ApiServer
  /** An id that no other row has. */
  fresh(): string
  /** What a route answers, whatever the SDK makes of it. Fails unless it is a 200. */
  get(path: string): Promise<Json>
  status(path: string): Promise<number>
  /** The id of a message in the in-app feed of a fresh user, or of this recipient. */
  message(recipient?: string): Promise<{ id: string; user: string }>
  /** Carries a bulk operation out, as its workflow does, and holds that nothing of it failed. */
  done(operation: { id: string }): Promise<Json>
}

/** The only workflow there is: a message in the feed, a wait, a mail. */
export const invite = testVersion('invite', ['feed', 'wait', 'mail'])
const version = invite

/** On an empty store in memory, unless another is given. */
export async function openWorld(store?: Store): Promise<World> {
  const catalog = catalogOf(version)
  const api = await startApi(catalog, store)
  const { db } = api.deps.store
  await publishCatalog(db, catalog)
  let names = 0
  const fresh = () => `x${(names += 1)}`
  const get = async (path: string) => {
    const { status, body } = await api.call('GET', path)
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
    return body as Json
  }
  return {
    api,
    fresh,
    get,
    status: async (path) => (await api.call('GET', path)).status,
    async message(user = fresh()) {
      const accepted = await accept(db, version, fresh(), [user])
      for (const row of accepted.rows) await walk(db, version, row)
      // The rows were made by the host's clock, and a bulk call takes what there was when it came.
      api.clock.now = Date.now() + 1
      const { items } = (await get(`/v1/users/${encodeURIComponent(user)}/messages`)) as { items: { id: string }[] }
      return { id: items[0]!.id, user }
    },
    async done(operation) {
      while (!(await carryOnBulk(api.deps, operation.id)));
      const over = await get(`/v1/bulk_operations/${operation.id}`)
      assert.deepEqual([over['status'], over['error_count']], ['completed', 0])
      return over
    },
  }
}

/** Tries one method: calls it, and reads what it did by another route. */
export type Row<Sdk> = (sdk: Sdk, world: World) => Promise<void>

/** The names of all methods of an SDK, `users.bulk.identify`, as its objects show them. */
export function methodsOf(sdk: object, path: string[] = [], seen = new Set<object>([sdk])): string[] {
  const parts = Object.entries(sdk as Record<string, unknown>).filter(
    (entry): entry is [string, object] => isPart(entry) && !seen.has(entry[1] as object),
  )
  for (const [, part] of parts) seen.add(part)
  const own = path.length === 0 ? [] : ownMethods(sdk).map((name) => [...path, name].join('.'))
  return [...own, ...parts.flatMap(([name, part]) => methodsOf(part, [...path, name], seen))].sort()
}

/** Parts of a client are instances of its classes; some refer back to it. */
function isPart([name, value]: [string, unknown]): boolean {
  if (/^_|client|logger|options|headers/i.test(name) || typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return !Array.isArray(value) && prototype !== Object.prototype && prototype !== null
}

function ownMethods(part: object): string[] {
  const prototype = Object.getPrototypeOf(part) as object
  return Object.getOwnPropertyNames(prototype).filter((name) => {
    if (name === 'constructor' || name.startsWith('_')) return false
    return typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function'
  })
}

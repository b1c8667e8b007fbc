import { loadProfiles } from '../store/profiles/recipients.ts'
import { loadTenants } from '../store/profiles/tenants.ts'
import { recipientKey } from '../store/ids/recipient.ts'
import type { Database } from '../store/postgres/database.ts'
import { flat, type Subject } from '../templates/scope.ts'
import type { Entities, EntityKind } from '../templates/liquid/rendering.ts'

/** Entities that the templates of one step may ask for, for one recipient. */
const MOST = 100

type Properties = Record<string, unknown>

interface Wanted {
  kind: EntityKind
  id: string
  collection: string
}

/**
 * The users, objects and tenants that templates of a chunk ask for: properties, never channel data. What is not at hand is
 * noted, and `load` brings all that was noted in two statements.
 */
export class LoadedEntities implements Entities {
  readonly #db: Database
  readonly #found = new Map<string, Properties | null>()
  readonly #wanted = new Map<string, Wanted>()
  readonly #asked = new Set<string>()
  #isLast = false
  #loading: Promise<void> = Promise.resolve()
  /** Times that something was asked for that was not at hand. */
  misses = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** How many are noted. */
  get wanted(): number {
    return this.#wanted.size
  }

  /** The next asks are another rendering's. `isLast`: nothing is loaded after it, so that a miss is an error. */
  begin(isLast: boolean): void {
    if (this.#asked.size > 0) this.#asked.clear()
    this.#isLast = isLast
  }

  get(kind: EntityKind, id: string, collection = ''): Properties | null {
    // Only an object's key has a #.
    if (id === '' || (kind === 'user' ? id.includes('#') : kind === 'object' && !/^[^#]+$/.test(collection)))
      return null
    const key = JSON.stringify([kind, collection, id])
    this.#asked.add(key)
    if (this.#asked.size > MOST) throw new Error(`asks for more than ${MOST} users, objects and tenants`)
    const found = this.#found.get(key)
    if (found !== undefined) return found
    if (this.#isLast)
      throw new Error('asks for users, objects and tenants by what it found of others, too many times over')
    this.misses += 1
    this.#wanted.set(key, { kind, id, collection })
    return null
  }

  /** Comes after any that is under way, which may bring some of it. What fails stays noted. */
  async load(): Promise<void> {
    const before = this.#loading.catch(() => undefined)
    this.#loading = before.then(() => this.#loadNow())
    await this.#loading
  }

  async #loadNow(): Promise<void> {
    const wanted = [...this.#wanted]
    const tenantIds = wanted.flatMap(([, { kind, id }]) => (kind === 'tenant' ? [id] : []))
    const keys = wanted.flatMap(([, asked]) => (asked.kind === 'tenant' ? [] : [keyOf(asked)]))
    const profiles = keys.length === 0 ? new Map<string, never>() : await loadProfiles(this.#db, keys)
    const tenants = await loadTenants(this.#db, tenantIds)
    for (const [key, asked] of wanted) {
      this.#wanted.delete(key)
      const { kind, id, collection } = asked
      const row = kind === 'tenant' ? tenants.get(id) : profiles.get(keyOf(asked))
      if (row === undefined) this.#found.set(key, null)
      else {
        const subject: Subject = { id, properties: row.properties, createdAt: row.created_at }
        this.#found.set(key, flat(kind === 'object' ? { ...subject, collection } : subject))
      }
    }
  }

  /** Lets go of all, so that a large chunk does not hold everything at once. */
  forget(): void {
    this.#found.clear()
    this.#wanted.clear()
  }
}

function keyOf({ kind, id, collection }: Wanted): string {
  return recipientKey(kind === 'user' ? id : { collection, id })
}

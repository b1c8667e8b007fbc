import type { Catalog } from '../definitions/catalog.ts'
import { DEFINITION_FORMAT } from '../definitions/definition.ts'
import { DefinitionsError, problemLine, type DefinitionProblem } from '../definitions/problem.ts'
import { loadDefinitions, publishCatalog } from '../store/catalog/definitions.ts'
import { loadPublished, publishedVersion } from '../store/catalog/published.ts'
import type { Database } from '../store/postgres/database.ts'

/** What a reload came to. */
export interface Reload {
  /** Of the folder as it is published now. */
  version: number
  added: string[]
  changed: string[]
  removed: string[]
}

export interface LiveCatalogOptions {
  db: Database
  catalog: Catalog
  /** Reads the folder anew; absent: there is none, and a reload changes nothing. */
  read?: (() => Promise<Catalog>) | undefined
}

/**
 * The catalog that this process goes by. It is replaced as a whole: by a reload of the folder, or when another process
 * has published a newer one. What a request began with is its own until it ends.
 */
export class LiveCatalog {
  current: Catalog
  /** Why the last reload was refused; null: it was not. */
  refused: readonly DefinitionProblem[] | null = null
  #version = 0
  /** Reloads and looks, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #options: LiveCatalogOptions

  constructor(options: LiveCatalogOptions) {
    this.#options = options
    this.current = options.catalog
  }

  /** Tells all processes of the catalog this one began with. */
  publish(): Promise<void> {
    return this.#inTurn(async () => {
      this.#version = await publishCatalog(this.#options.db, this.current)
    })
  }

  /**
   * Reads the folder and publishes what it holds: the workers use it from then on, and so do other apis once they have
   * looked. Throws a DefinitionsError where something that can be used now no longer could be for its mistakes, or the
   * folder is gone or empty: it may be half written. What was before stays then, all of it.
   */
  reload(): Promise<Reload> {
    return this.#inTurn(async () => {
      const { db, read } = this.#options
      try {
        const next = (await read?.()) ?? this.current
        const lost = lostBy(this.current, next)
        if (lost.length > 0) throw new DefinitionsError(lost)
        this.#version = await publishCatalog(db, next)
        const before = this.current
        this.current = next
        this.refused = null
        return { version: this.#version, ...differenceOf(before, next) }
      } catch (error) {
        if (error instanceof DefinitionsError) this.refused = error.problems
        throw error
      }
    })
  }

  /** Takes up what another process published; true if there was something newer. */
  look(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { db } = this.#options
      if ((await publishedVersion(db)) === this.#version) return false
      const published = await loadPublished(db)
      // A newer Belay's definitions are not for this one to read.
      if (published === null || published.content.format > DEFINITION_FORMAT) return false
      const { version, content } = published
      const known = new Map([...this.current.definitions.values()].map((each) => [each.hash, each]))
      const unknown = content.definitions.flatMap(([, hash]) => (known.has(hash) ? [] : [hash]))
      const loaded = await loadDefinitions(db, unknown)
      const definitions = content.definitions.flatMap(([key, hash]) => {
        const found = known.get(hash) ?? loaded.get(hash)
        return found === undefined ? [] : [[key, found] as const]
      })
      const { channels, preferences, warnings, leftOut, problems, withoutChannels } = content
      const wrong = problems.length > 0 && { problems, leftOut: new Map(leftOut) }
      const whole = { channels, preferences: preferences ?? undefined, warnings, withoutChannels, ...wrong }
      this.current = { definitions: new Map(definitions), ...whole }
      this.#version = version
      this.refused = null
      return true
    })
  }

  /** What an operator must know of the folder, as sentences. */
  warnings(): string[] {
    const { warnings = [], problems = [] } = this.current
    const left = problems.map((problem) => `left out: ${problemLine(problem)}`)
    const kept = (this.refused ?? []).map((problem) => `not taken up, what was before stays: ${problemLine(problem)}`)
    return [...kept, ...left, ...warnings].slice(0, MOST_TOLD)
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

const MOST_TOLD = 200

/** The mistakes for which something would be lost that works now. */
function lostBy(before: Catalog, next: Catalog): DefinitionProblem[] {
  if (next.definitions.size === 0 && before.definitions.size > 0 && next.problems === undefined)
    return [{ file: '.', message: 'there is no definition in the folder any more' }]
  const lost = [...before.definitions.keys()].flatMap((key) => next.leftOut?.get(key) ?? [])
  const isNewlyWithout = next.withoutChannels === true && before.withoutChannels !== true
  if (lost.length === 0 && !isNewlyWithout) return []
  const shared = (next.problems ?? []).filter((problem) => !isOfDefinition(next, problem))
  return [...new Map([...shared, ...lost].map((problem) => [problemLine(problem), problem])).values()]
}

function isOfDefinition({ leftOut }: Catalog, problem: DefinitionProblem): boolean {
  return [...(leftOut?.values() ?? [])].some((problems) => problems.includes(problem))
}

function differenceOf(before: Catalog, next: Catalog): Pick<Reload, 'added' | 'changed' | 'removed'> {
  const keys = [...next.definitions.keys()]
  return {
    added: keys.filter((key) => !before.definitions.has(key)),
    changed: keys.filter((key) => {
      const known = before.definitions.get(key)
      return known !== undefined && known.hash !== next.definitions.get(key)!.hash
    }),
    removed: [...before.definitions.keys()].filter((key) => !next.definitions.has(key)),
  }
}

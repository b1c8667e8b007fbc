import type { SQL } from 'drizzle-orm'
import { json } from './database.ts'

type Kind = Readonly<Record<string, string | number | null>>

/**
 * What rows of one statement have in common, sent once and joined by its index `k`: parsing JSON is most of what an insert
 * of many rows costs, and rows of a chunk differ in little.
 */
export class Kinds {
  readonly #indexes = new Map<string, number>()
  #last: { values: Kind; index: number } | undefined

  /** The index of these values: that of an equal kind before, or a new one. */
  of(values: Kind): number {
    if (this.#last !== undefined && areSame(values, this.#last.values)) return this.#last.index
    const text = JSON.stringify(values)
    const index = this.#indexes.get(text) ?? this.#indexes.size
    this.#indexes.set(text, index)
    this.#last = { values, index }
    return index
  }

  /** All kinds so far, as a JSON array for `jsonb_to_recordset`; each has its index as `k`. */
  get rows(): SQL {
    return json([...this.#indexes].map(([text, k]) => ({ k, ...(JSON.parse(text) as object) })))
  }
}

/** The same names in the same order, as one place in the code writes them. */
function areSame(a: Kind, b: Kind): boolean {
  for (const name in a) if (a[name] !== b[name]) return false
  return true
}

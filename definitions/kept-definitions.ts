import type { DefinitionVersion } from './definition.ts'
import { stampOf } from './read-file.ts'

/** A definition as it was read, and what there was to say of it. */
export interface KeptDefinition {
  version: DefinitionVersion
  warnings: string[]
  /** Of every file that it was read from. */
  stamps: ReadonlyMap<string, string | null>
}

/**
 * What was read of a folder the last time, so that a file that has not changed is not read, parsed and checked again. Only
 * what nothing was wrong with is kept: a mistake may be mended by a file that is not there yet.
 */
export class KeptDefinitions {
  #shared = ''
  #kept = new Map<string, KeptDefinition>()

  /** `shared`: all that definitions rest on beside their own files. Where it is another, nothing is kept any more. */
  restingOn(shared: string): void {
    if (shared !== this.#shared) this.#kept.clear()
    this.#shared = shared
  }

  /** The definition of this key, if each of its files is as it was. */
  async unchanged(key: string): Promise<KeptDefinition | null> {
    const kept = this.#kept.get(key)
    if (kept === undefined) return null
    for (const [file, stamp] of kept.stamps) if (stamp === null || (await stampOf(file)) !== stamp) return null
    return kept
  }

  /** From now on these are what is kept. */
  replace(read: Map<string, KeptDefinition>): void {
    this.#kept = read
  }
}

import type { Lane } from './lane-name.ts'
import type { Sleeper } from './lane.ts'

type Deferred = [Lane, number, Sleeper]

/** The page that is being loaded, and what came beyond the window meanwhile: it may not be in the page, and is kept. */
export class PageLoad {
  #number = 0
  #deferred: Deferred[] | undefined

  get isUnderWay(): boolean {
    return this.#deferred !== undefined
  }

  /** Answers a number to end it with. */
  begin(): number {
    this.#deferred = []
    return (this.#number += 1)
  }

  /** False of a page that a reload has overtaken: it is left aside. */
  isCurrent(begun: number): boolean {
    return begun === this.#number
  }

  /** False where none is under way. */
  defer(...deferred: Deferred): boolean {
    this.#deferred?.push(deferred)
    return this.#deferred !== undefined
  }

  /** Answers what came meanwhile. */
  end(): Deferred[] {
    const deferred = this.#deferred ?? []
    this.#deferred = undefined
    return deferred
  }

  overtake(): void {
    this.#deferred = undefined
    this.#number += 1
  }
}

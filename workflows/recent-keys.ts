/** Remembers the keys added last: at least `most` of them, and never twice as many. */
export class RecentKeys<Key> {
  readonly #most: number
  #young = new Set<Key>()
  #old = new Set<Key>()

  constructor(most: number) {
    this.#most = most
  }

  has(key: Key): boolean {
    return this.#young.has(key) || this.#old.has(key)
  }

  add(key: Key): void {
    // Two generations: to take the oldest out of one set costs time that grows with what was taken out before.
    if (this.#young.size >= this.#most) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(key)
  }

  clear(): void {
    this.#young = new Set()
    this.#old = new Set()
  }
}

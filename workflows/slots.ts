/** How many chunks are under way, by the slots they take. */
export class Slots {
  readonly #taken = new Map<string, number>()

  taken(kind: string): number {
    return this.#taken.get(kind) ?? 0
  }

  take(kind: string): void {
    this.#taken.set(kind, this.taken(kind) + 1)
  }

  release(kind: string): void {
    this.#taken.set(kind, this.taken(kind) - 1)
  }
}

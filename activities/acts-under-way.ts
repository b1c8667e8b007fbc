/** What steps of this process do on the outside: none of these rows is a dead worker's. */
export class ActsUnderWay {
  /** By recipient run: one whose claim was lost may last while it is acted for again. */
  readonly #acts = new Map<number, number>()

  has(row: number): boolean {
    return this.#acts.has(row)
  }

  /** `act` covers the claim, too: its answer may come when the lease is over. */
  async hold(row: number, act: () => Promise<void>): Promise<void> {
    this.#acts.set(row, (this.#acts.get(row) ?? 0) + 1)
    try {
      await act()
    } finally {
      const others = this.#acts.get(row)! - 1
      if (others === 0) this.#acts.delete(row)
      else this.#acts.set(row, others)
    }
  }
}

/**
 * Carries out many requests as few: while one batch is under way the next gathers. `carryOut` answers for each item, in
 * their order.
 */
export class Gathered<Item, Result> {
  readonly #carryOut: (items: readonly Item[]) => Promise<readonly Result[]>
  readonly #most: number
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  #running = false

  constructor(most: number, carryOut: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#most = most
    this.#carryOut = carryOut
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    // What is asked for in the same turn of the event loop goes together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#most)
      try {
        const results = await this.#carryOut(batch.map(({ item }) => item))
        batch.forEach(({ resolve }, index) => resolve(results[index]!))
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#running = false
  }
}
